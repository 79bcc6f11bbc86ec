# Shared by the scripts: the virtual environment and what the tests need from Debian. To be sourced in the repository's root.

say() { printf '%s: %s\n' "$(basename "$0")" "$*"; }
fail() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# ensure_venv [GROUP...]: .venv with the project (editable) and the dependency groups. Repeated only when pyproject.toml changed.
ensure_venv() {
    local stamp=.venv/.kerbwatch-setup want groups=() group
    want="$(sha256sum pyproject.toml | cut -d' ' -f1) $*"
    [ "$(cat "$stamp" 2>/dev/null)" = "$want" ] && return
    local python=${PYTHON:-python3}
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
        fail "Python 3.11 or newer is needed; name one with PYTHON=/path/to/python3.11"
    if [ ! -x .venv/bin/python ]; then
        say "making the virtual environment .venv"
        "$python" -m venv .venv || fail "no virtual environment; on Debian: apt-get install python3-venv"
    fi
    for group in "$@"; do groups+=(--group "$group"); done
    say "installing the packages into .venv (some hundred megabytes the first time)"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable . "${groups[@]}"
    echo "$want" >"$stamp"
}

# ensure_debian PROGRAM=PACKAGE...: installs what is missing, as root or with sudo; says what to do otherwise.
ensure_debian() {
    local pair missing=()
    for pair in "$@"; do
        PATH="$PATH:/usr/sbin" command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
    done
    [ ${#missing[@]} -eq 0 ] && return
    local root=()
    [ "$(id -u)" -eq 0 ] || root=(sudo -n)
    say "installing from Debian: ${missing[*]}"
    if ! command -v apt-get >/dev/null || ! "${root[@]}" apt-get update -qq >/dev/null ||
        ! DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; then
        fail "${missing[*]} could not be installed; install them by hand and start again"
    fi
}
