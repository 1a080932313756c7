"""The table of a figure that has one axes."""

from coursekit.course.plots.tables import figure_tables


def only(ax, title="Title"):
    """The table of ``ax``, which gets this title."""
    ax.set_title(title)
    return figure_tables(ax.figure)[title]
