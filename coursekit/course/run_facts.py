"""What tells one run from another: versions, device, time and data, as a checkpoint lists them."""

import os
import platform
import time
from pathlib import Path

import psutil
import torch

import coursekit
from coursekit.data.files import DATA_FOLDER
from coursekit.data.lazy_split import LazyData
from coursekit.data.multimodal import MultimodalData


def run_facts(data: MultimodalData | LazyData | Path | str | None) -> dict[str, str]:
    """Name → what it is in this run.  data: the data set used, a file with it, or None."""
    return {
        "coursekit": coursekit.__version__,
        "Python": platform.python_version(),
        "torch": str(torch.__version__),
        "device": _device(),
        "runtime": f"{time.time() - psutil.Process().create_time():.1f} s since the kernel started",
        "data": _data_path(data),
    }


def _device() -> str:
    if torch.cuda.is_available():
        return f"cuda ({torch.cuda.get_device_name()})"
    return f"cpu ({os.cpu_count()} cores, {torch.get_num_threads()} threads used)"


def _data_path(data: MultimodalData | LazyData | Path | str | None) -> str:
    """The data's name, size and files; folders above the course or the home folder are not told."""
    if data is None:
        return "none"
    if isinstance(data, MultimodalData | LazyData):
        where = f" in {' and '.join(map(_shown, data.files))}" if data.files else ""
        if isinstance(data, MultimodalData) and data.kind is not None:
            where += ", generated"
        return f"{data.name}, {len(data.labels)} samples{where}"
    return _shown(Path(data))


def _shown(file: Path) -> str:
    resolved = file.resolve()
    for root, sign in ((DATA_FOLDER.parent, ""), (Path.home(), "~/")):
        if resolved.is_relative_to(root):
            return sign + resolved.relative_to(root).as_posix()
    return file.as_posix()
