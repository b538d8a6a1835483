#!/usr/bin/env bash
# Install the programs that are not Python or Node packages, where this machine's package manager has them.
# What cannot be had is said here once; the tests that need it skip by name.
set -u

packages=()
command -v bwrap >/dev/null || packages+=(bubblewrap)
command -v chromium >/dev/null || command -v google-chrome >/dev/null || packages+=(chromium)
[ ${#packages[@]} -eq 0 ] && exit 0

as_root=""
[ "$(id -u)" -eq 0 ] || as_root="sudo -n"
if command -v apt-get >/dev/null && $as_root true 2>/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  $as_root apt-get update -qq && $as_root apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null && exit 0
fi
echo "NOT INSTALLED: ${packages[*]}. Install them with your system's package manager;" >&2
echo "without bubblewrap the runner confines student code less, without Chromium the browser tests are skipped." >&2
