"""What the fusion gets to see in a forward pass of a method."""


def watched(run, predict):
    """The prediction that ``predict()`` makes, and the features that its fusion was given."""
    shown = []
    hook = run.model.fusion.register_forward_pre_hook(lambda _, given: shown.append(given[0]))
    prediction = predict()
    hook.remove()
    return prediction, shown[-1]
