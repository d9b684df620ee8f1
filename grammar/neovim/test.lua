-- A session of a user in Neovim, headless, with the setup of docs/editors.md and the real server. `cargo xtask editors`
-- runs it in an empty folder, with `triton` on the path. The first step that fails ends it with exit code 1.

local PATIENCE = 20000 -- milliseconds for one answer, on a busy machine

local BLOCKS = [[
/// Twice what comes in.
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

/// The model.
model Net() {
    double = Double[Width]()

    fn forward[B](x: f32[B, Width]) -> f32[B, Width] {
        let hidden = dubble(x)
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

local function wait_for(what, condition)
  local value
  vim.wait(PATIENCE, function()
    value = condition()
    return value
  end, 20)
  return assert(value, what .. ' did not come')
end

local function text()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')
end

local function expect(part)
  assert(text():find(part, 1, true), 'no `' .. part .. '` in\n' .. text())
end

--- Puts the cursor on the first letter of `word` after `before`.
local function go_to(before, word)
  for row, line in ipairs(vim.api.nvim_buf_get_lines(0, 0, -1, false)) do
    local _, last = line:find(before, 1, true)
    local column = last and line:find(word, last, true)
    if column then
      return vim.api.nvim_win_set_cursor(0, { row, column - 1 })
    end
  end
  error('no `' .. word .. '` after `' .. before .. '`')
end

--- Types keys as a user does, mappings included.
local function press(keys)
  vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes(keys, true, false, true), 'mx', false)
end

--- The capture of the colours under the cursor that counts: the last.
local function colour()
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  local query = (vim.treesitter.query.get or vim.treesitter.query.get_query)('tri', 'highlights')
  local root = vim.treesitter.get_parser(0, 'tri'):parse()[1]:root()
  local found
  for id, node in query:iter_captures(root, 0, row - 1, row) do
    local top, left, bottom, right = node:range()
    if top == row - 1 and bottom == row - 1 and left <= column and column < right then
      found = query.captures[id]
    end
  end
  return found
end

local function wait_until_right()
  wait_for('the end of errors', function()
    return #vim.diagnostic.get(nil, { severity = vim.diagnostic.severity.ERROR }) == 0
  end)
end

local steps = {}
local function step(name, run)
  table.insert(steps, { name = name, run = run })
end

step('attach', function()
  write('blocks.tri', BLOCKS)
  write('main.tri', MAIN)
  vim.cmd('edit main.tri')
  assert(vim.bo.filetype == 'tri')
  wait_for('the server', function()
    local client = vim.lsp.get_active_clients()[1]
    return client and client.initialized and vim.lsp.buf_is_attached(0, client.id)
  end)
end)

step('colours', function()
  assert(next(vim.treesitter.highlighter.active), 'tree-sitter does not colour')
  assert(not vim.treesitter.get_parser(0, 'tri'):parse()[1]:root():has_error())
  for _, claim in ipairs({
    { 'model', 'Net', 'type.definition' },
    { 'double = ', 'Double', 'constructor' },
    { '', '/// The model', 'comment.documentation' },
    { 'f32[', 'B', 'type' },
    { '', 'let hidden', 'keyword' },
  }) do
    go_to(claim[1], claim[2])
    assert(colour() == claim[3], claim[2] .. ': ' .. tostring(colour()))
  end
end)

step('diagnostics', function()
  local found = wait_for('a diagnostic', function()
    return vim.diagnostic.get(0)[1]
  end)
  assert(found.message:find('dubble', 1, true), found.message)
  assert(found.severity == vim.diagnostic.severity.ERROR)
  assert(found.lnum == 9 and found.col == 21, vim.inspect(found))
end)

step('code action', function()
  local offered
  vim.ui.select = function(actions, options, choose)
    offered = actions
    choose(actions[1], 1)
  end
  go_to('hidden = ', 'dubble')
  press('gra')
  wait_for('the edit', function()
    return text():find('let hidden = double(x)', 1, true)
  end)
  wait_until_right()
end)

--- The text of the window that floats over the others.
local function floating()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= '' then
      return table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false), '\n')
    end
  end
end

step('hover', function()
  go_to('let ', 'hidden')
  press('K')
  local shown = wait_for('the type', floating)
  assert(shown:find('f32[B, Width]', 1, true), shown)
  -- Without a screen nobody notices that the cursor moves.
  vim.cmd('doautocmd CursorMoved')
  wait_for('the end of the hover', function()
    return not floating()
  end)
end)

step('definition', function()
  go_to('double = ', 'Double')
  press('gd')
  wait_for('the module', function()
    return vim.api.nvim_buf_get_name(0):find('blocks.tri$') and vim.api.nvim_win_get_cursor(0)[1] == 2
  end)
  go_to('= ', 'ones')
  press('gd')
  wait_for('the library', function()
    return vim.api.nvim_buf_get_name(0) == 'tri:///std/init.tri' and vim.bo.filetype == 'tri' and not vim.bo.modifiable
  end)
  expect('fn ones')
  press('<C-o>')
  press('<C-o>')
  assert(vim.api.nvim_buf_get_name(0):find('main.tri$'))
end)

step('rename', function()
  go_to('double = ', 'Double')
  local name
  vim.ui.input = function(options, answer)
    name = options.default
    answer('Twice')
  end
  press('grn')
  wait_for('the edit', function()
    return text():find('double = Twice[Width]()', 1, true)
  end)
  assert(name == 'Double', name)
  expect('use blocks.Twice')
  vim.cmd('edit blocks.tri')
  expect('layer Twice[D]()')
  vim.cmd('buffer main.tri')
end)

-- What "Show IR" of Visual Studio Code asks for.
step('IR', function()
  go_to('let ', 'hidden')
  -- Until Neovim has told of the changes of the other buffer, the program is wrong.
  local ir = wait_for('the IR', function()
    local position = vim.lsp.util.make_position_params(0, 'utf-16')
    local answer = vim.lsp.buf_request_sync(0, 'tri/ir', position, PATIENCE)
    return answer and select(2, next(answer)).result
  end)
  local lines = vim.split(ir.text, '\n')
  local here = vim.tbl_filter(function(entry)
    return entry.source.uri == vim.uri_from_bufnr(0) and entry.source.range.start.line == 9
  end, ir.lines)
  assert(#here > 0 and lines[here[1].line + 1]:find('f32'), vim.inspect(ir))
end)

step('format', function()
  press('gq')
  wait_for('the layout', function()
    return text():find('let y = double(hidden)', 1, true)
  end)
end)

for _, one in ipairs(steps) do
  local fine, reason = xpcall(one.run, debug.traceback)
  io.stdout:write((fine and 'ok ' or 'not ok ') .. one.name .. '\n')
  if not fine then
    io.stdout:write(reason .. '\n')
    vim.cmd('cquit 1')
  end
end
vim.cmd('quitall!')
