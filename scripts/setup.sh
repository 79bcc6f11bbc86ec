# Shared by the scripts: the virtual environment and what the tests need from Debian. To be sourced in the repository's root.

say() { printf '%s: %s\n' "$(basename "$0")" "$*"; }
fail() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# ensure_venv [GROUP...]: .venv with the project (editable) and at least these dependency groups. Done again only when
# pyproject.toml changed or a group is missing.
ensure_venv() {
    local stamp=.venv/.kerbwatch-setup hash have="" missing="" group arguments=()
    hash=$(sha256sum pyproject.toml | cut -d' ' -f1)
    [ "$(sed -n 1p "$stamp" 2>/dev/null)" = "$hash" ] && have=$(sed -n 2p "$stamp")
    for group in project "$@"; do
        case " $have " in *" $group "*) ;; *) missing="$missing $group" ;; esac
    done
    [ -z "$missing" ] && return
    local python=${PYTHON:-python3}
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
        fail "Python 3.11 or newer is needed; name one with PYTHON=/path/to/python3.11"
    if [ ! -x .venv/bin/python ]; then
        say "making the virtual environment .venv"
        "$python" -m venv .venv || fail "no virtual environment; on Debian: apt-get install python3-venv"
    fi
    for group in "$@"; do arguments+=(--group "$group"); done
    say "installing the packages into .venv (some hundred megabytes the first time)"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable . "${arguments[@]}"
    printf '%s\n%s\n' "$hash" "project $have $*" >"$stamp"
}

# ensure_axe: axe-core, with which the tests look at the console's pages; its version and bytes are pinned in scripts/vendor.py.
ensure_axe() {
    [ -f .venv/axe-core/axe.min.js ] && return
    ensure_debian npm=npm
    .venv/bin/python scripts/vendor.py axe-core --into .venv/axe-core ||
        say "axe-core could not be fetched: whether the console can be used by everybody is not tested now"
}

# ensure_debian PROGRAM=PACKAGE...: installs what is missing, as root or with sudo; says what to do otherwise.
ensure_debian() {
    local pair missing=() beside
    beside=$(printf ':%s' /usr/sbin /usr/lib/postgresql/*/bin)  # Debian keeps these off the path
    for pair in "$@"; do
        PATH="$PATH$beside" command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
    done
    [ ${#missing[@]} -eq 0 ] || install_debian "${missing[@]}"
}

# ensure_debian_packages PACKAGE...: the same for packages that bring no program to look for.
ensure_debian_packages() {
    local package missing=()
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] || install_debian "${missing[@]}"
}

install_debian() {
    local root=()
    [ "$(id -u)" -eq 0 ] || root=(sudo -n)
    say "installing from Debian: $*"
    if ! command -v apt-get >/dev/null || ! "${root[@]}" apt-get update -qq >/dev/null ||
        ! DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -qq --no-install-recommends "$@" >/dev/null; then
        fail "$* could not be installed; install them by hand and start again"
    fi
}
