"""MultiBench's pickles: plain arrays are read, everything else is refused before it runs."""

import codecs
import copyreg
import os
import pickle
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from research_folders import multibench_parts

from coursekit.data.files import DataFileError
from coursekit.data.research import check, open_data, report
from coursekit.data.research.multibench import by_class, by_seven, by_sign, video_of
from coursekit.data.research.unpickle import ALLOWED, RefusedPickle, read_arrays

PROTOCOLS = (2, 3, 4, 5)


def write(path, content, protocol=4):
    path.write_bytes(pickle.dumps(content, protocol))
    return path


def load(root, **options):
    return open_data("multibench", root, unpickle="restricted", **options)


class Calls:
    """Pickles as a call of ``function`` on ``values``."""

    def __init__(self, function, *values):
        self.function, self.values = function, values

    def __reduce__(self):
        return self.function, self.values


def same(a, b):
    assert type(a) is type(b)
    if isinstance(a, np.ndarray):
        assert a.dtype.newbyteorder("=") == b.dtype.newbyteorder("=")
        assert a.shape == b.shape
        np.testing.assert_array_equal(a, b)
    else:
        assert a == b


PLAIN = {
    "f4": np.arange(6, dtype="f4").reshape(2, 3),
    "columns": np.asfortranarray(np.arange(24.0).reshape(2, 3, 4)),
    "turned": np.arange(24.0).reshape(2, 3, 4).transpose(2, 0, 1),
    "pieces": np.arange(16.0).reshape(4, 4)[::2, ::2],
    "nothing": np.zeros((0, 3)),
    "no rank": np.array(2.5),
    "big end": np.arange(3, dtype=">f4"),
    "truth": np.array([True, False]),
    "text": np.array(["a", "bäh"]),
    "bytes": np.array([b"a", b"bcd"]),
    "objects": np.array(["a", None, "c"], object),
    "number": np.float32(2.5),
    "word": np.str_("häm"),
    "list": [1, "a", None, (2.5, b"\xff", b"")],
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", PLAIN)
def test_plain_content_is_what_pickle_itself_reads(tmp_path, name, protocol):
    path = write(tmp_path / "a.pkl", {"x": PLAIN[name]}, protocol)
    same(read_arrays(path)["x"], pickle.loads(path.read_bytes())["x"])


@given(
    array=arrays.arrays(
        st.sampled_from(["f2", "f4", "f8", "i1", "i8", "u2", "?", "c8", "U3", "S2", ">i4"]),
        arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
    ),
    protocol=st.sampled_from(PROTOCOLS),
)
def test_any_array_comes_back(tmp_path_factory, array, protocol):
    path = write(tmp_path_factory.getbasetemp() / "any.pkl", array, protocol)
    same(read_arrays(path), array)


def test_old_names_of_numpy_are_read(tmp_path):
    """Files from before numpy 2 say numpy.core; the opcodes count the name's bytes or end lines."""
    content = pickle.dumps(PLAIN["f4"], 2).replace(b"numpy._core", b"numpy.core")
    assert b"numpy.core.multiarray" in content
    (tmp_path / "old.pkl").write_bytes(content)
    same(read_arrays(tmp_path / "old.pkl"), PLAIN["f4"])


def test_an_array_of_python_2_is_read(tmp_path):
    """There the bytes are a str, opcode U or T, and the names end lines."""
    data = np.arange(100, 104, dtype="<f8").tobytes()
    content = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR"
        b"(I1\n(I4\ntcnumpy\ndtype\n(S'f8'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntb"
        b"I00\nU" + bytes([len(data)]) + data + b"tb."
    )
    (tmp_path / "old.pkl").write_bytes(content)
    same(read_arrays(tmp_path / "old.pkl"), np.arange(100.0, 104))


def hostile(trace):
    """Pickles that would write to ``trace``, or reach for something that could."""
    touch = f"open({str(trace)!r}, 'w').close()"
    return {
        "os.system": Calls(os.system, f"touch {trace}"),
        "eval": Calls(eval, touch),
        "exec": Calls(exec, touch),
        "nested": {"train": [{"id": (np.ones(2), [Calls(eval, touch)])}]},
        "in objects": np.array([None, Calls(os.system, f"touch {trace}")], object),
        "getattr": Calls(getattr, "a", "upper"),
        "numpy.load": Calls(np.load, str(trace)),
        "numpy.save": Calls(np.save, str(trace), np.ones(1)),
        "numpy.fromfile": Calls(np.fromfile, str(trace)),
        "numpy.memmap": Calls(np.memmap, str(trace), "u1", "w+", 0, (1,)),
        "numpy.f2py": Calls(np.testing.rundocs, str(trace)),
        "codecs.open": Calls(codecs.open, str(trace), "w"),
        "reconstructor": Calls(copyreg._reconstructor, dict, dict, {}),
        "partial": Calls(__import__("functools").partial, os.system, f"touch {trace}"),
    }


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", hostile("trace"))
def test_hostile_pickles_are_refused_before_anything_runs(tmp_path, name, protocol):
    trace = tmp_path / "trace"
    path = write(tmp_path / "a.pkl", hostile(trace)[name], protocol)
    with pytest.raises(RefusedPickle, match=r"a\.pkl: The pickle asks for \w+\.\w*"):
        read_arrays(path)
    assert not trace.exists()


def test_the_hostile_pickles_would_have_run(tmp_path):
    """So that the test above can fail."""
    trace = tmp_path / "trace"
    for name in ("os.system", "eval", "nested", "in objects", "numpy.save"):
        pickle.loads(pickle.dumps(hostile(trace)[name]))
        traces = [p for p in tmp_path.iterdir() if p.name.startswith("trace")]
        assert traces, name
        traces[0].unlink()


RAW = {  # streams that no pickler writes
    "dotted name": b"\x80\x04\x8c\x05numpy\x8c\x11dtype.__reduce_ex__\x93.",
    "deep name": b"\x80\x04\x8c\x05numpy\x8c\x0bdtype.names\x93.",
    "module of a module": b"\x80\x04\x8c\x05numpy\x8c\x02os\x93.",
    "extension": b"\x80\x02\x82\x01.",
    "outside": b"\x80\x02Pfile\n.",
    "another codec": b"c_codecs\nencode\n(S'a'\nS'zlib'\ntR.",
    "attribute of a callable": b"\x80\x02c_codecs\nencode\nN}X\x01\x00\x00\x00aK\x01s\x86b.",
    "hidden attribute": b"\x80\x02c_codecs\nencode\nN}X\x05\x00\x00\x00_callK\x01s\x86b.",
    "state of a callable": b"\x80\x02c_codecs\nencode\n}X\x05\x00\x00\x00_callK\x01sb.",
    "another array class": b"\x80\x02cnumpy\nndarray\n(K\x01tR.",
    "type of a call": b"\x80\x02cnumpy\ndtype\n(cnumpy\nndarray\ntR.",
    "wrong size": (
        b"cnumpy._core.numeric\n_frombuffer\n(C\x03abccnumpy\ndtype\n(X\x02\x00\x00\x00f8tR(K\x09t"
        b"X\x01\x00\x00\x00CtR."
    ),
    "objects out of bytes": (
        b"cnumpy._core.numeric\n_frombuffer\n(C\x08abcdefghcnumpy\ndtype\n(X\x02\x00\x00\x00O8tR"
        b"(K\x01tX\x01\x00\x00\x00CtR."
    ),
    "recursion": b"\x80\x02(" + b"(" * 50 + b".",
    "nothing": b"",
    "text": b"vision, audio, text",
}


@pytest.mark.parametrize("name", RAW)
def test_streams_that_no_pickler_writes_do_no_harm(tmp_path, name):
    path = tmp_path / "a.pkl"
    path.write_bytes(RAW[name])
    before = {key: value._call for key, value in ALLOWED.items()}
    with pytest.raises(DataFileError, match=r"a\.pkl"):
        read_arrays(path)
    assert {key: value._call for key, value in ALLOWED.items()} == before


def test_records_are_refused(tmp_path):
    """numpy believes a pickle about where in a record its objects are."""
    path = write(tmp_path / "a.pkl", np.zeros(2, [("a", "f4"), ("b", "O")]))
    with pytest.raises(DataFileError, match="type 'V"):
        read_arrays(path)


def test_lists_that_share_and_contain_themselves_end(tmp_path):
    shared = [np.ones(1)]
    for _ in range(60):  # 2⁶⁰ if each were visited by every way that leads to it
        shared = [shared, shared]
    assert len(read_arrays(write(tmp_path / "a.pkl", shared))) == 2
    itself = []
    itself.append(itself)
    listing = read_arrays(write(tmp_path / "b.pkl", itself))
    assert listing[0] is listing


@given(cut=st.integers(0, 2000), at=st.integers(0, 2000), to=st.integers(0, 255))
def test_damaged_streams_give_a_sentence_or_an_array(tmp_path_factory, cut, at, to):
    whole = bytearray(pickle.dumps({"x": [np.arange(6.0), np.array(["a", "b"])]}, 4))
    whole[at % len(whole)] = to
    path = tmp_path_factory.getbasetemp() / "damaged.pkl"
    path.write_bytes(bytes(whole[: len(whole) - cut % 40]))
    try:
        read_arrays(path)
    except DataFileError as error:
        assert "damaged.pkl" in str(error)


def test_reading_is_refused_unless_it_is_restricted(tmp_path):
    path = write(tmp_path / "mosi.pkl", multibench_parts())
    with pytest.raises(ValueError, match=r"Loading a pickle runs code.*unpickle is None"):
        open_data("multibench", path)
    with pytest.raises(ValueError, match="unpickle is 'all'; it can be 'restricted'"):
        open_data("multibench", path, unpickle="all")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_rows_are_those_of_the_file(tmp_path, protocol):
    parts = multibench_parts()
    write(tmp_path / "mosi.pkl", parts, protocol)
    data = load(tmp_path)  # a folder with one file
    assert data.name == "MultiBench mosi"
    assert data.modalities == ("vision", "audio", "text")
    assert {s: len(rows) for s, rows in data.splits.items()} == {"train": 6, "valid": 3, "test": 3}
    for split in ("train", "valid", "test"):
        rows = torch.arange(len(data.split(split)))
        batch = next(data.split(split).batches([rows]))
        for m in data.modalities:
            want = torch.from_numpy(parts[split][m]).float()
            torch.testing.assert_close(batch[m], want, rtol=0, atol=0)
        scores = parts[split]["labels"].ravel()
        assert data.split(split).labels.tolist() == (scores >= 0).astype(int).tolist()
    assert len(check(data)) == 0
    assert report(data)["rows"].tolist() == [6, 3, 3, 0]


def test_groups_are_videos(tmp_path):
    parts = multibench_parts()
    data = load(write(tmp_path / "mosi.pkl", parts))
    names = [str(n).split("[")[0] for s in ("train", "valid", "test") for n in parts[s]["id"]]
    same_group = data.group[:, None] == data.group
    same_name = torch.tensor([[a == b for b in names] for a in names])
    assert torch.equal(same_group, same_name)


@pytest.mark.parametrize(
    ("name", "video"),
    [
        ("03bS-nI_M[7]", "03bS-nI_M"),
        ("03bS$_$12", "03bS"),
        (np.array(["03bS", "4.5", "6"]), "03bS"),
        (np.array(["03bS"], object), "03bS"),
        (b"03bS[0]", "03bS"),
        (17, "17"),
        ("a[b]c", "a[b]c"),
    ],
)
def test_the_video_is_read_off_the_id(name, video):
    assert video_of(name) == video


def test_videos_on_two_sides_warn(tmp_path):
    parts = multibench_parts()
    parts["test"]["id"][:] = parts["train"]["id"][:3]
    with pytest.warns(UserWarning, match="2 videos stand in both train and test"):
        load(write(tmp_path / "a.pkl", parts))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load(write(tmp_path / "b.pkl", multibench_parts()))


def test_tasks_make_classes():
    scores = np.array([-3.0, -2.6, -0.5, -0.1, 0.0, 0.4, 1.5, 2.5, 3.4, 9.0])
    assert by_sign(scores)[0].tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 1, 1]
    assert by_seven(scores)[0].tolist() == [0, 0, 3, 3, 3, 3, 5, 5, 6, 6]
    assert by_seven(scores)[1] == ("-3", "-2", "-1", "0", "+1", "+2", "+3")
    labels, classes = by_class(np.array([1.0, -1.0, 1.0, 4.0]))
    assert labels.tolist() == [1, 0, 1, 2]
    assert classes == ("-1", "1", "4")


def test_scores_are_no_classes(tmp_path):
    path = write(tmp_path / "a.pkl", multibench_parts())
    assert load(path, task="seven").num_classes == 7
    with pytest.raises(DataFileError, match=r"labels holds .*task='classes' expects whole"):
        load(path, task="classes")


def test_numbers_that_are_not_finite_are_counted_or_filled(tmp_path):
    parts = multibench_parts()
    parts["train"]["audio"][0, 0, 0] = -np.inf
    parts["test"]["audio"][1, 2] = np.nan
    path = write(tmp_path / "a.pkl", parts)
    with pytest.raises(DataFileError, match=r"audio has 4 numbers in 2 rows .* fill=0\.0"):
        load(path)
    data = load(path, fill=0.0)
    assert data.read(0)["audio"][0, 0] == 0
    assert data.read(10)["audio"][2].tolist() == [0, 0, 0]
    assert data.read(0)["audio"][0, 1] == pytest.approx(parts["train"]["audio"][0, 0, 1])
    with pytest.raises(ValueError, match="fill is nan"):
        load(path, fill=float("nan"))


def without(parts, split, field):
    del parts[split][field]


CHANGES = [
    (lambda p: p.pop("valid"), "valid lacks vision"),
    (lambda p: without(p, "test", "labels"), "test lacks labels"),
    (lambda p: p["train"].update(text=np.ones((6, 5))), r"train text has shape \(6, 5\)"),
    (lambda p: p["train"].update(audio=np.ones((5, 5, 3))), r"train audio has shape \(5, 5, 3\)"),
    (lambda p: p["test"].update(vision=np.ones((3, 9, 4))), "vision has the shapes"),
    (lambda p: p["valid"].update(text=np.full((3, 5, 2), "a")), "valid text has .*type <U1"),
    (lambda p: p["valid"].update(labels=np.full(3, np.nan)), "valid labels has .*finite"),
    (lambda p: p["valid"].update(labels=np.ones((3, 2))), r"valid labels has shape \(3, 2\)"),
    (lambda p: p["train"].update(id=np.array(["a"])), r"train id has shape \(1,\)"),
]


@pytest.mark.parametrize(("change", "sentence"), CHANGES)
def test_another_layout_is_named(tmp_path, change, sentence):
    parts = multibench_parts()
    change(parts)
    with pytest.raises(DataFileError, match=sentence):
        load(write(tmp_path / "a.pkl", parts))


def test_files_that_are_not_there_or_too_many(tmp_path):
    with pytest.raises(DataFileError, match=r"with 0 \.pkl files"):
        load(tmp_path)
    write(tmp_path / "a.pkl", [1]), write(tmp_path / "b.pkl", multibench_parts())
    with pytest.raises(DataFileError, match=r"with 2 \.pkl files"):
        load(tmp_path)
    with pytest.raises(DataFileError, match="train lacks vision"):
        load(tmp_path / "a.pkl")


def test_workers_read_the_same(tmp_path):
    data = load(write(tmp_path / "a.pkl", multibench_parts()), workers=2)
    alone = pickle.loads(pickle.dumps(load(tmp_path)))
    parts = [torch.tensor([0, 3]), torch.tensor([5])]
    for one, other in zip(data.train.batches(parts), alone.train.batches(parts), strict=True):
        for m in data.modalities:
            assert torch.equal(one[m], other[m])
