-- One step on one quota: the algorithm of slots.rs and pace.rs, run by the server so that it is atomic and has one clock.
-- All numbers are whole microseconds, tickets or counts below 2^53, which Lua's numbers hold exactly.
--
-- KEYS[1]  the state
-- ARGV     command, ticket, head (0 or 1), calls, window, pause (-1: not said)
-- Before this text stand two functions: time(), and uptime(), the microseconds since the server started or nil.

local VERSION, FORWARD, MAX_SLOTS, MAX_LINE = 1, 500000, 64, 64
local MAX_PAUSE, GRACE, AGREEMENT, PATIENCE = 120000000, 250000, 60000000, 9

local now = time()
local command, ticket, head = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local terms = { calls = tonumber(ARGV[4]), window = tonumber(ARGV[5]) }
local pause = tonumber(ARGV[6])

local function fresh()
  return {
    version = VERSION, seen = now, issued = 0, quiet = 0, paused = 0,
    calls = 0, window = 0, agreed_at = 0, limit = 0, proven = 0, rise = 0, cut_at = 0, rise_at = 0,
    slots = {}, line = {},
  }
end

local function lost(window)
  local state = fresh()
  state.quiet = now + window + FORWARD
  return state
end

-- The state, or nil if there is none and the command does not make one.
local function load()
  local packed = redis.call('GET', KEYS[1])
  local known, state = false, nil
  if packed then
    known, state = pcall(cmsgpack.unpack, packed)
    known = known and type(state) == 'table' and type(state.version) == 'number'
    if known and state.version > VERSION then
      error('a later version of this provider uses it')
    end
    known = known and state.version == VERSION
  end
  if known then
    return state
  elseif command ~= 'ask' then
    return nil
  elseif packed then
    return lost(terms.window)
  end
  -- A server that has only just started may have forgotten calls that are still under way. It counts whole seconds.
  local up = uptime()
  if up and up > terms.window + FORWARD + 1000000 then
    return fresh()
  end
  return lost(terms.window)
end

local function keep(list, wanted)
  local kept = {}
  for _, item in ipairs(list) do
    if wanted(item) then
      kept[#kept + 1] = item
    end
  end
  return kept
end

local function clock_went_back(old)
  local state = lost(old.window)
  local lowered = old.limit < old.calls
  state.issued, state.calls, state.window, state.agreed_at = old.issued, old.calls, old.window, now
  state.limit, state.proven, state.rise = old.limit, old.proven, old.rise
  state.cut_at = lowered and now or 0
  state.rise_at = lowered and now + old.window * PATIENCE or 0
  return state
end

local function issue(state)
  state.issued = math.max(state.issued + 1, now)
  return state.issued
end

local function agree(state)
  local before = state.calls
  local forgotten = before == 0 or now - state.agreed_at > AGREEMENT
  local stricter = terms.calls <= state.calls and terms.window >= state.window
  if forgotten or stricter then
    state.calls, state.window, state.agreed_at = terms.calls, terms.window, now
  else
    state.calls = math.min(state.calls, terms.calls)
    state.window = math.max(state.window, terms.window)
  end
  if state.calls ~= before and (state.limit == before or state.limit > state.calls) then
    state.limit, state.proven, state.rise = state.calls, state.calls, 1
  end
end

local function limit_for(state, wanted)
  if state.limit < state.calls and wanted > state.limit and now >= state.rise_at then
    state.proven = state.limit
    state.limit = math.min(state.limit + state.rise, state.calls)
    state.rise = state.rise * 2
    state.rise_at = now + state.window + FORWARD
  end
  return state.limit
end

local function cut(state, sent)
  if state.cut_at > 0 and (sent <= state.cut_at or now < state.cut_at + state.window) then
    return
  end
  local on_trial = state.limit > state.proven and sent < state.rise_at
  if not on_trial then
    state.proven = math.max(math.floor(state.limit * 7 / 10), 1)
  end
  state.limit, state.rise, state.cut_at = state.proven, 1, now
  state.rise_at = now + state.window * PATIENCE
end

local function release(state)
  for _, slot in ipairs(state.slots) do
    if slot[1] == ticket then
      slot[2] = math.min(slot[2], now + state.window)
      return
    end
  end
end

-- Entries of the line are { ticket, head, due }.
local function join(state)
  state.line = keep(state.line, function(entry) return entry[1] ~= ticket end)
  if ticket == 0 or ticket > state.issued then
    ticket = issue(state)
  end
  local ahead = 0
  for _, entry in ipairs(state.line) do
    if entry[2] > head or (entry[2] == head and entry[1] < ticket) then
      ahead = ahead + 1
    end
  end
  if #state.line < MAX_LINE then
    table.insert(state.line, ahead + 1, { ticket, head, now })
  end
  return ahead
end

local function release_of(state, count)
  local releases = {}
  for _, slot in ipairs(state.slots) do
    releases[#releases + 1] = math.min(slot[2], now + state.window)
  end
  table.sort(releases)
  return releases[count]
end

local function overdue(state, ahead)
  local due
  for index = 1, math.min(ahead, #state.line) do
    due = math.min(due or state.line[index][3], state.line[index][3])
  end
  return (due or now) + GRACE
end

local function ask(state)
  agree(state)
  state.slots = keep(state.slots, function(slot) return slot[2] > now end)
  state.line = keep(state.line, function(entry) return entry[1] == ticket or entry[3] + GRACE > now end)

  local ahead = join(state)
  local wanted = #state.slots + ahead + 1
  local limit = limit_for(state, wanted)
  local opens = math.max(state.quiet, state.paused)
  if now >= opens and wanted <= limit then
    state.line = keep(state.line, function(entry) return entry[1] ~= ticket end)
    local granted = issue(state)
    table.insert(state.slots, { granted, now + FORWARD + state.window })
    return { 'go', granted }
  end

  local missing, free = wanted - limit, now
  if missing > #state.slots then
    free = overdue(state, ahead)
  elseif missing > 0 then
    free = release_of(state, missing)
  end
  local till = math.max(free, opens, now + 1)
  for _, entry in ipairs(state.line) do
    if entry[1] == ticket then
      entry[3] = till
    end
  end
  local cause = now < state.quiet and 'recovering' or now < state.paused and 'paused' or 'quota'
  return { 'wait', ticket, till - now, ahead, limit, cause }
end

local state = load()
if not state then
  return { 'done' }
end
if now < state.seen then
  state = clock_went_back(state)
end
state.seen = now

local reply = { 'done' }
if command == 'ask' then
  reply = ask(state)
elseif command == 'answered' then
  release(state)
elseif command == 'leave' then
  state.line = keep(state.line, function(entry) return entry[1] ~= ticket end)
elseif command == 'throttled' then
  release(state)
  local length = math.min(pause < 0 and state.window or pause, MAX_PAUSE)
  state.paused = math.max(state.paused, now + length)
  cut(state, ticket)
elseif command == 'unsent' then
  state.slots = keep(state.slots, function(slot) return slot[1] ~= ticket end)
end
redis.call('SET', KEYS[1], cmsgpack.pack(state), 'PX', string.format('%.0f', 600000 + state.window / 100))
return reply
