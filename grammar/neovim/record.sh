#!/bin/sh
# Records a minute in Neovim with the setup of docs/editors.md, after `cargo xtask editors` made it in target/neovim.
# Writes target/neovim/session.cast for `asciinema play`, and pictures of some moments into target/neovim/frames.
# Needs tmux, asciinema, aha and chromium. The README shows frames/shapes.png.
set -eu
cd "$(dirname "$0")/../.."
home=$PWD/target/neovim
rm -rf "$home/show" "$home/frames" "$home/session.cast"
mkdir -p "$home/show"
cat > "$home/show/digits.tri" <<'PROGRAM'
//! Handwritten digits, with ternary layers.
use std.nn.{RmsNorm, TernaryLinear}

dim Pixel = 64
dim Hidden = 128
dim Class = 10

model Digits() {
    stem = TernaryLinear[Pixel, Hidden]()
    norm = RmsNorm[Hidden]()
    head = TernaryLinear[Hidden, Class](bias = true)

    /// Class scores for images with pixels in [0, 1].
    fn forward[B](image: f32[B, Pixel]) -> f32[B, Class] {
        let x = relu(stem(image))
        x
    }
}
PROGRAM

cat > "$home/show.lua" <<'COLOURS'
vim.cmd('NoMatchParen')
vim.cmd('set termguicolors number signcolumn=no noshowcmd noruler laststatus=0 shortmess+=F fillchars=eob:\\ ')
for group, colours in pairs({
  Normal = { fg = '#c9ced8', bg = '#15171c' },
  NormalFloat = { fg = '#c9ced8', bg = '#22262f' },
  LineNr = { fg = '#4b5263' },
  Comment = { fg = '#7f8896', italic = true },
  Keyword = { fg = '#c58fe6' },
  Type = { fg = '#e3c078' },
  Special = { fg = '#e3c078' },
  Function = { fg = '#6cb2f2' },
  Identifier = { fg = '#e08a8a' },
  Constant = { fg = '#d9a06b' },
  Number = { fg = '#d9a06b' },
  Boolean = { fg = '#d9a06b' },
  String = { fg = '#9cc77d' },
  Operator = { fg = '#69bcc9' },
  Delimiter = { fg = '#8d95a5' },
  DiagnosticError = { fg = '#ef7580' },
  DiagnosticWarn = { fg = '#e0b45c' },
  DiagnosticUnderlineError = { underline = true, sp = '#ef7580' },
  DiagnosticUnderlineWarn = { underline = true, sp = '#e0b45c' },
}) do
  vim.api.nvim_set_hl(0, group, colours)
end
COLOURS

export HOME="$home" XDG_CONFIG_HOME="$home/config" XDG_DATA_HOME="$home/data" XDG_STATE_HOME="$home/state"
export PATH="$PWD/target/debug:$PATH" TERM=xterm-256color COLORTERM=truecolor LANG=C.UTF-8
cd "$home/show"
tmux -L tri-record kill-server 2>/dev/null || true
tmux -L tri-record new-session -d -x 107 -y 20 \
    "asciinema rec -q -c 'nvim -u $home/init.lua -S $home/show.lua digits.tri' $home/session.cast"
# Keys, one after the other.
press() { tmux -L tri-record send-keys -- "$@"; sleep 0.6; }
# Text, as fast as one types it.
typed() { for part in "$@"; do tmux -L tri-record send-keys -l -- "$part"; sleep 0.25; done; }
# A picture of this moment.
picture() {
    tmux -L tri-record capture-pane -ep | aha --black --title "$1" > "$home/frames/$1.html"
    sed -i -e 's/<body[^>]*>/<body style="margin: 0; background: #15171c">/' \
        -e 's/<pre>/<pre style="font: 14px DejaVu Sans Mono; margin: 0; padding: 14px; color: #c9ced8">/' "$home/frames/$1.html"
    chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=930,348 \
        --screenshot="$home/frames/$1.png" "file://$home/frames/$1.html" > "$home/frames/$1.log" 2>&1
}

mkdir -p "$home/frames"
sleep 4
press 1 6 G S
typed 'he' 'ad(' 'ima' 'ge)'
press Escape
sleep 3
picture error
press 1 5 G 0 w w K
sleep 5
picture shapes
press 1 6 G 0 S
typed 'head' '(no' 'rm(x' '))'
press Escape
sleep 4
press 9 G 0 w w w K
sleep 5
picture layer
press 1 5 G 0 w w
tmux -L tri-record send-keys -l grn
sleep 2
press C-u
typed 'hid' 'den'
press Enter
sleep 4
picture rename
press 1 5 G A
typed '  ' '  ' '+  ' '1'
press Escape
sleep 3
press g q
sleep 4
picture format
press 9 G 0 w w w g d
sleep 5
picture library
press C-o
sleep 2
press : q a ! Enter
sleep 1
tmux -L tri-record kill-server 2>/dev/null || true
