#!/bin/sh
# Writes down what Neovim and `triton lsp` say to each other in a session of `exchange.lua`, after `cargo xtask editors` made the setup
# in target/neovim: tests/data/lsp/neovim.jsonl, one message a line, with who sent it. `crates/tri_cli/tests/lsp/exchange.rs` replays it.
set -eu
cd "$(dirname "$0")/../.."
repository=$PWD
home=$repository/target/neovim
rm -rf "$home/exchange" "$home/tee"
mkdir -p "$home/exchange/.git" "$home/tee"
ln -s "$repository/grammar/neovim/tee.py" "$home/tee/triton"
export HOME="$home" XDG_CONFIG_HOME="$home/config" XDG_DATA_HOME="$home/data" XDG_STATE_HOME="$home/state"
export TRITON="${TRITON:-$repository/target/debug/triton}" EXCHANGE="$repository/tests/data/lsp/neovim.jsonl"
cd "$home/exchange"
PATH="$home/tee:$PATH" nvim --headless -u "$home/init.lua" -c "luafile $repository/grammar/neovim/exchange.lua" -c 'cquit 1' < /dev/null
