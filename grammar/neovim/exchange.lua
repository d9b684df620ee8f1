-- What a user does in Neovim, for `exchange.sh`, which writes down the messages. Types, undoes, pastes, completes, renames and closes.

local PATIENCE = 20000 -- milliseconds

local BLOCKS = [[
/// Twice what comes in: ×2.
layer Double[D]() {
    param gain: f32[D] = init.ones

    fn forward[..B](x: f32[..B, D]) -> f32[..B, D] {
        x * gain * 2
    }
}
]]

local MAIN = [[
use blocks.Double

dim Width = 8

/// The model: 𝔽.
model Net() {
    double = Double[Width]()

    fn forward[B](x: f32[B, Width]) -> f32[B, Width] {
        /* 𝔽 */ let hidden = dubble(x)
        let y   =   double(hidden)
        y + hidden
    }
}
]]

local function write(path, text)
  local file = assert(io.open(path, 'w'))
  file:write(text)
  file:close()
end

--- Waits until Neovim has sent its changes, which it gathers for a moment, and the server has answered.
local function settle()
  vim.wait(600, function() return false end)
end

local function press(keys)
  vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes(keys, true, false, true), 'mx', false)
  settle()
end

local function ask(method, more)
  local params = vim.tbl_extend('force', vim.lsp.util.make_position_params(0, 'utf-16'), more or {})
  assert(vim.lsp.buf_request_sync(0, method, params, PATIENCE), method)
end

write('blocks.tri', BLOCKS)
write('main.tri', MAIN)
vim.cmd('edit main.tri')
vim.wait(PATIENCE, function()
  local client = vim.lsp.get_active_clients()[1]
  return client and client.initialized
end, 20)
settle()
vim.ui.select = function(actions, _, choose)
  choose(actions[1], 1)
end
-- The mistake, and its fix.
press('/dubble<CR>gra')
press('K')
vim.cmd('doautocmd CursorMoved')
-- A line is typed, with a completion in its middle, and taken back, and comes again.
press('/let y<CR>olet z = dou<Esc>')
ask('textDocument/completion', { context = { triggerKind = 1 } })
press('able(y)<Esc>')
press('u')
press('<C-r>')
press('/let z<CR>dd')
press('P')
press('/let z<CR>dd')
press('/hidden)<CR>')
ask('textDocument/signatureHelp')
-- What is known of the names.
press('gg/Double<CR>')
ask('textDocument/references', { context = { includeDeclaration = true } })
ask('textDocument/documentHighlight')
ask('textDocument/documentSymbol')
ask('workspace/symbol', { query = 'gain' })
press('gd')
press('<C-o>')
vim.ui.input = function(_, answer)
  answer('Twice')
end
press('/Double\\[<CR>grn')
settle()
press('gq')
press('ggOdim Depth = 2<Esc>')
press('u')
vim.cmd('silent! wall!')
settle()
vim.cmd('bdelete! blocks.tri')
settle()
press('/forward<CR>K')
vim.cmd('doautocmd CursorMoved')
vim.cmd('quitall!')
