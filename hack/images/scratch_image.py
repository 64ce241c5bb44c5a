#!/usr/bin/env python3
"""Packs a folder as a container image of one layer, without a container engine.

Writes the `docker save` archive format (config, layer.tar, manifest.json), which containerd,
podman, buildah and docker all import. The same folder and options give the same bytes: entries are
sorted, times are zero, owners are root unless --owner says otherwise.

  hack/images/scratch_image.py ROOTFS_DIR NAME:TAG OUT.tar --entrypoint /app [--user 65532] ...
"""
import argparse
import hashlib
import io
import json
import os
import pathlib
import re
import stat
import sys
import tarfile

NAME = re.compile(r"^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$")
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def paths_below(root):
    """Every path below `root`, folders before what they hold, in one order on every machine."""
    for folder, folders, files in os.walk(root):
        folders.sort()
        # os.walk lists links to folders among the folders and does not follow them.
        for name in sorted(folders + files):
            yield pathlib.Path(folder, name)


def layer_entry(root, path, owner, links):
    info = tarfile.TarInfo(path.relative_to(root).as_posix())
    facts = path.lstat()
    info.mode, (info.uid, info.gid) = stat.S_IMODE(facts.st_mode), owner
    if stat.S_ISLNK(facts.st_mode):
        info.type, info.linkname = tarfile.SYMTYPE, os.readlink(path)
    elif stat.S_ISDIR(facts.st_mode):
        info.type = tarfile.DIRTYPE
    elif stat.S_ISREG(facts.st_mode):
        first = links.setdefault((facts.st_dev, facts.st_ino), info.name)
        if first != info.name:
            info.type, info.linkname = tarfile.LNKTYPE, first
        else:
            info.size = facts.st_size
    else:
        raise SystemExit(f"error: {path}: only files, folders and links can be put into an image")
    return info


def write_layer(root, out, owner):
    links = {}
    with tarfile.open(out, "w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(paths_below(root), key=lambda p: p.relative_to(root).parts):
            info = layer_entry(root, path, owner, links)
            if info.isreg():
                with open(path, "rb") as content:
                    tar.addfile(info, content)
            else:
                tar.addfile(info)


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as content:
        while block := content.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def image_config(options, diff_id):
    config = {
        "Entrypoint": options.entrypoint, "Cmd": options.cmd, "Env": options.env or None,
        "User": options.user, "WorkingDir": options.workdir,
        "ExposedPorts": {f"{port}/tcp": {} for port in options.port} or None,
        "Labels": dict(label.split("=", 1) for label in options.label) or None,
    }
    return json.dumps({
        "architecture": ARCHITECTURES.get(os.uname().machine, os.uname().machine), "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": {key: value for key, value in config.items() if value},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{diff_id}"]},
        "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "scratch_image"}],
    }, sort_keys=True).encode()


def write_image(options, layer, partial):
    layer_digest = sha256_of(layer)
    config = image_config(options, layer_digest)
    config_name, layer_name = hashlib.sha256(config).hexdigest() + ".json", f"{layer_digest}/layer.tar"
    manifest = [{"Config": config_name, "RepoTags": [options.name], "Layers": [layer_name]}]
    with tarfile.open(partial, "w", format=tarfile.USTAR_FORMAT) as tar:
        def add(name, size, content):
            info = tarfile.TarInfo(name)
            info.size, info.mode = size, 0o644
            tar.addfile(info, content)

        add(config_name, len(config), io.BytesIO(config))
        with open(layer, "rb") as content:
            add(layer_name, os.path.getsize(layer), content)
        text = json.dumps(manifest).encode()
        add("manifest.json", len(text), io.BytesIO(text))


def pair_of_ids(text):
    if not re.fullmatch(r"[0-9]+:[0-9]+", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not UID:GID, two numbers")
    return tuple(int(part) for part in text.split(":"))


def assignment(text):
    if "=" not in text or text.startswith("="):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return text


def image_name(text):
    if not NAME.match(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST/PATH:TAG, for example localhost/cluster/pause:1")
    return text


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rootfs", metavar="ROOTFS_DIR", type=pathlib.Path, help="the folder that becomes /")
    parser.add_argument("name", metavar="NAME:TAG", type=image_name)
    parser.add_argument("out", metavar="OUT.tar", type=pathlib.Path)
    parser.add_argument("--entrypoint", action="append", metavar="ARG", help="repeat for each word; --entrypoint=-c where it begins with a dash")
    parser.add_argument("--cmd", action="append", metavar="ARG", help="default arguments; repeat for each word")
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE", type=assignment)
    parser.add_argument("--label", action="append", default=[], metavar="NAME=VALUE", type=assignment)
    parser.add_argument("--port", action="append", default=[], metavar="PORT", type=int)
    parser.add_argument("--user", metavar="UID[:GID]")
    parser.add_argument("--workdir", metavar="DIR")
    parser.add_argument("--owner", metavar="UID:GID", type=pair_of_ids, default=(0, 0), help="of every file (0:0)")
    return parser.parse_args(arguments)


def main(arguments):
    options = parse(arguments)
    if not options.rootfs.is_dir():
        raise SystemExit(f"error: ROOTFS_DIR {options.rootfs}: not a folder")
    layer, partial = (options.out.with_name(f".{options.out.name}.{os.getpid()}.{part}") for part in ("layer", "partial"))
    try:
        write_layer(options.rootfs, layer, options.owner)
        write_image(options, layer, partial)
        os.replace(partial, options.out)
    except OSError as error:
        raise SystemExit(f"error: {error.filename or options.out}: {error.strerror}")
    finally:
        for path in (layer, partial):
            path.unlink(missing_ok=True)


if __name__ == "__main__":
    main(sys.argv[1:])
