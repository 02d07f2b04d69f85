-- One step on one quota: the algorithm of slots.rs and limit.rs. The server runs it, so that a step
-- is atomic and all hosts go by one clock. The functions have the names that they have there, which
-- is also where the reasons are explained.
--
-- All numbers are whole microseconds, ids or counts below 2^53, which Lua's numbers hold exactly.
--
-- KEYS[1]  the quota's state
-- KEYS[2]  the list of the quotas whose state this server has
-- ARGV[1]  the command
-- ARGV[2]  the id of the permit or waiter that it is about; 0 for a process that does not wait yet
-- ARGV[3]  the priority: 0 for a call that the API throttled, 1 for others
-- ARGV[4]  how many calls the configured limit allows
-- ARGV[5]  the window of the configured limit
-- ARGV[6]  the pause that the API asked for; -1 if it named none
-- ARGV[7]  the name of the process, or '' to leave the members as they are
-- ARGV[8]  how many calls the process makes in a window if it cannot reach this server
-- ARGV[9]  the number of this command among those of the process
-- ARGV[10] 1 if the process waits or has permits after this command, else 0
-- ARGV[11] how long after a grant the call leaves at the latest
-- ARGV[12] the longest time until those that can reach the server stop using their fallback
--
-- The members have no counterpart in Rust: they are processes that may be cut off from the
-- server, which those of one host are never from their file. A member that has work in hand and
-- is not heard of may be making as many calls as its share allows. The others leave room for
-- that.
--
-- Before this text stand the constants of constants.rs and two functions: time() returns the
-- server's time, and run_id() the id of this run of the server, or '' if it does not tell.

local now = time()
local command, id, priority = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local configured = { calls = tonumber(ARGV[4]), window = tonumber(ARGV[5]) }
local pause, leave = tonumber(ARGV[6]), tonumber(ARGV[11])

-- Enters the quota in the list, and returns the latest time at which it can have been used without
-- the server remembering: now, if its state was lost. The list is the ledger of ledger.rs. Every
-- step enters its quota, because the list itself may be lost while the states are there.
local function enter()
  local packed = redis.call('GET', KEYS[2])
  local known, list = false, nil
  if packed then
    known, list = pcall(cmsgpack.unpack, packed)
    known = known and type(list) == 'table' and list.run_id == run_id()
      and type(list.begun_at) == 'number' and list.begun_at <= now and type(list.names) == 'table'
  end
  if not known then
    list = { run_id = run_id(), begun_at = now, names = {} }
  elseif list.names[KEYS[1]] then
    return now
  end
  list.names[KEYS[1]] = true
  redis.call('SET', KEYS[2], cmsgpack.pack(list))
  return list.begun_at
end

-- The state to begin with when calls up to a time may have been forgotten, and with them the
-- members that use their fallback. Those that can reach the server are given the time to return.
local function recovering(forgotten_at, window)
  return {
    version = STATE_VERSION, run_id = run_id(), seen = now, last_id = 0,
    recovering_until = forgotten_at + tonumber(ARGV[12]) + window + FORWARD_DELAY, paused_until = 0,
    calls = 0, window = 0, confirmed_at = 0, current = 0, proven = 0, step = 0,
    lowered_at = 0, raise_at = 0, slots = {}, waiters = {}, members = {},
  }
end

-- Returns the state, or nil if there is none and the command does not begin one.
local function load()
  local packed = redis.call('GET', KEYS[1])
  local known, state = false, nil
  if packed then
    known, state = pcall(cmsgpack.unpack, packed)
    known = known and type(state) == 'table' and type(state.version) == 'number'
    if known and state.version > STATE_VERSION then
      error('a later version of this provider uses it')
    end
    known = known and state.version == STATE_VERSION
  end
  -- A state that another run of the server wrote is as old as its last snapshot. A state that is
  -- missing was flushed, evicted or never written: all three look the same.
  if known and state.run_id == run_id() then
    enter()
    return state
  elseif command == 'acquire' then
    local entered = enter()
    return recovering(packed and now or entered, configured.window)
  end
  return nil
end

local function retain(list, wanted)
  local kept = {}
  for _, item in ipairs(list) do
    if wanted(item) then
      kept[#kept + 1] = item
    end
  end
  return kept
end

local function restart_clock(old)
  local state = recovering(now, old.window)
  state.recovering_until = now + old.window + FORWARD_DELAY
  local lowered = old.current < old.calls
  state.last_id, state.calls, state.window, state.confirmed_at =
    old.last_id, old.calls, old.window, now
  state.current, state.proven, state.step = old.current, old.proven, old.step
  state.lowered_at = lowered and now or 0
  state.raise_at = lowered and now + old.window * RAISE_AFTER_WINDOWS or 0
  return state
end

local function next_id(state)
  state.last_id = math.max(state.last_id + 1, now)
  return state.last_id
end

local function confirm(state)
  local before = state.calls
  local forgotten = before == 0 or now - state.confirmed_at > LIMIT_MEMORY
  local stricter = configured.calls <= state.calls and configured.window >= state.window
  if forgotten or stricter then
    state.calls, state.window, state.confirmed_at = configured.calls, configured.window, now
  else
    state.calls = math.min(state.calls, configured.calls)
    state.window = math.max(state.window, configured.window)
  end
  if state.calls ~= before and (state.current == before or state.current > state.calls) then
    state.current, state.proven, state.step = state.calls, state.calls, 1
  end
end

local function for_caller(state, needed)
  if state.current < state.calls and needed > state.current and now >= state.raise_at then
    state.proven = state.current
    state.current = math.min(state.current + state.step, state.calls)
    state.step = state.step * 2
    state.raise_at = now + state.window + FORWARD_DELAY
  end
  return state.current
end

local function lower(state, permitted_at)
  local next = state.lowered_at + state.window
  if state.lowered_at > 0 and (permitted_at <= state.lowered_at or now < next) then
    return
  end
  local on_trial = state.current > state.proven and permitted_at < state.raise_at
  if not on_trial then
    state.proven = math.max(math.floor(state.current * 7 / 10), 1)
  end
  state.current, state.step, state.lowered_at = state.proven, 1, now
  state.raise_at = now + state.window * RAISE_AFTER_WINDOWS
end

-- Slots are { permit, free_at }.
local function release(state, counted)
  for _, slot in ipairs(state.slots) do
    if slot[1] == id then
      slot[2] = math.min(slot[2], counted + state.window)
      return
    end
  end
end

-- Waiters are { id, priority, asks_at }.
local function dequeue(state)
  state.waiters = retain(state.waiters, function(waiter) return waiter[1] ~= id end)
end

local function enqueue(state)
  dequeue(state)
  if id == 0 or id > state.last_id then
    id = next_id(state)
  end
  local ahead = 0
  for _, waiter in ipairs(state.waiters) do
    if waiter[2] < priority or (waiter[2] == priority and waiter[1] < id) then
      ahead = ahead + 1
    end
  end
  if #state.waiters < MAX_WAITERS then
    table.insert(state.waiters, ahead + 1, { id, priority, now })
  end
  return ahead
end

local function release_time(state, count)
  local times = {}
  for _, slot in ipairs(state.slots) do
    times[#times + 1] = math.min(slot[2], now + state.window)
  end
  table.sort(times)
  return times[count]
end

local function next_overdue(state, ahead)
  local first
  for index = 1, math.min(ahead, #state.waiters) do
    first = math.min(first or state.waiters[index][3], state.waiters[index][3])
  end
  return (first or now) + WAITER_GRACE
end

-- Members are { name, share, seen, number }.
local function note_member(state)
  local name, number = ARGV[7], tonumber(ARGV[9])
  if name == '' then
    return
  end
  for _, member in ipairs(state.members) do
    -- Commands of a process can arrive in another order than they were sent in.
    if member[1] == name and member[4] > number then
      return
    end
  end
  state.members = retain(state.members, function(member) return member[1] ~= name end)
  if ARGV[10] == '1' and #state.members < MAX_MEMBERS then
    table.insert(state.members, { name, tonumber(ARGV[8]), now, number })
  end
end

-- How many calls those may be making in a window that are cut off.
local function cut_off(state)
  local calls = 0
  state.members = retain(state.members, function(member)
    return now - member[3] <= SHARE_LIFETIME
  end)
  for _, member in ipairs(state.members) do
    if now - member[3] > CUT_OFF_AFTER then
      calls = calls + member[2]
    end
  end
  return calls
end

local function acquire(state)
  confirm(state)
  state.slots = retain(state.slots, function(slot) return slot[2] > now end)
  state.waiters = retain(state.waiters, function(waiter)
    return waiter[1] == id or waiter[3] + WAITER_GRACE > now
  end)

  local ahead = enqueue(state)
  local needed = #state.slots + ahead + 1
  local limit = math.max(for_caller(state, needed) - cut_off(state), 1)
  local opens_at = math.max(state.recovering_until, state.paused_until)
  if now >= opens_at and needed <= limit then
    dequeue(state)
    local permit = next_id(state)
    table.insert(state.slots, { permit, now + leave + FORWARD_DELAY + state.window })
    return { 'granted', permit }
  end

  local missing, free_at = needed - limit, now
  if missing > #state.slots then
    free_at = next_overdue(state, ahead)
  elseif missing > 0 then
    free_at = release_time(state, missing)
  end
  local asks_at = math.max(free_at, opens_at, now + 1)
  for _, waiter in ipairs(state.waiters) do
    if waiter[1] == id then
      waiter[3] = asks_at
    end
  end
  local cause = now < state.recovering_until and 'recovering'
    or now < state.paused_until and 'paused' or 'quota'
  return { 'wait', id, asks_at - now, ahead, limit, cause }
end

local state = load()
if not state then
  return { 'done' }
end
if now < state.seen then
  state = restart_clock(state)
end
state.seen = now
note_member(state)

local reply = { 'done' }
if command == 'acquire' then
  reply = acquire(state)
elseif command == 'answered' then
  release(state, now)
elseif command == 'cancel' then
  dequeue(state)
elseif command == 'departed' or command == 'unanswered' then
  release(state, now + FORWARD_DELAY)
elseif command == 'throttled' then
  release(state, now)
  local length = math.min(pause < 0 and state.window or pause, MAX_PAUSE)
  state.paused_until = math.max(state.paused_until, now + length)
  lower(state, id)
elseif command == 'unsent' then
  state.slots = retain(state.slots, function(slot) return slot[1] ~= id end)
end
local lifetime = string.format('%.0f', UNUSED_LIFETIME / 1000)
redis.call('SET', KEYS[1], cmsgpack.pack(state), 'PX', lifetime)
return reply
