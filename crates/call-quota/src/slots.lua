-- One step on the quota of one account: the algorithm of slots.rs, limit.rs and sharing.rs. The
-- server runs it, so that a step is atomic and all hosts use one clock. The functions have the same
-- names as in those files, which also give the reasons; `acquire` does there what `enqueue` does here.
--
-- All numbers are whole microseconds, ids or counts below 2^53, which Lua's numbers hold exactly.
--
-- The script obeys the rules of the proxies that check the text of a script: each key in a call is
-- literally an element of KEYS, no call is inside another, and neither channels nor the function that
-- unpacks a table are used.
--
-- KEYS[1]  the account's state
-- ARGV[1]  the command
-- ARGV[2]  the id of its permit or waiter; 0 for a process that does not wait yet
-- ARGV[3]  the priority: 0 for a call that the API throttled before, 1 for others
-- ARGV[4]  the number of calls of the configured limit
-- ARGV[5]  the window of the configured limit
-- ARGV[6]  the pause that the API asked for; -1 if it asked for none
-- ARGV[7]  the name of the process; '' for a command that does not change the members
-- ARGV[8]  the share: how many calls the process makes in a window if it cannot reach this server
-- ARGV[9]  the number of this command among those of the process
-- ARGV[10] 1 if the process waits or has permits after this command, 2 if it uses its share, else 0
-- ARGV[11] the time after a grant within which the call leaves
-- ARGV[12] the longest time until every process that can reach the server has sent something
-- ARGV[13] the operation
-- ARGV[14] the connection: the 'same' as for the last step of the process, its 'first', or a 'new'
--          one
-- ARGV[15] 1 if this run of the server did not know this script, else 0
--
-- The members have no counterpart in Rust: they are processes that may be disconnected from the
-- server, while processes of one host always reach their file. A member that waits or has permits,
-- and sends nothing, may be using its share. The others reserve that share.
--
-- The constants of constants.rs and two functions precede this text: time() returns the server's time,
-- and run() returns the id of this run of the server and its uptime, or nil if the user may not know
-- them.

local now = time()
local run_id, uptime = run()
local command, id, priority = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local configured = { calls = tonumber(ARGV[4]), window = tonumber(ARGV[5]) }
local pause, leave, returns_within = tonumber(ARGV[6]), tonumber(ARGV[11]), tonumber(ARGV[12])
local lane_id = tonumber(ARGV[13])

local LIMIT = {
  'calls', 'window', 'confirmed_at', 'current', 'proven', 'lowered_at', 'raise_at',
}

local function new_pool()
  local pool = { paused_until = 0 }
  for _, field in ipairs(LIMIT) do
    pool[field] = 0
  end
  return pool
end

-- The state as words: whole numbers and names.
local function encode(state)
  local words = { 'cams', STATE_VERSION, state.run_id == '' and '-' or state.run_id }
  local function put(...)
    for _, value in ipairs({ ... }) do
      words[#words + 1] = type(value) == 'number' and string.format('%.0f', value) or value
    end
  end
  local function put_pool(pool)
    put(pool.paused_until)
    for _, field in ipairs(LIMIT) do
      put(pool[field])
    end
  end
  put(#state.lanes, #state.slots, #state.waiters, #state.members)
  put(state.seen, state.last_id, state.forgotten_at, state.until_, state.span)
  put_pool(state.shared)
  for _, lane in ipairs(state.lanes) do
    put(lane.id)
    put_pool(lane)
  end
  for _, slot in ipairs(state.slots) do
    put(slot.permit, slot.lane, slot.free_at)
  end
  for _, waiter in ipairs(state.waiters) do
    put(waiter.id, waiter.lane, waiter.priority, waiter.asks_at)
  end
  for _, member in ipairs(state.members) do
    put(member.name, member.share, member.seen, member.number)
  end
  return table.concat(words, ' ')
end

-- The state of these words. It fails if a field has a value that no sequence of steps can produce.
local function decode(text)
  local next_word = text:gmatch('%S+')
  local function word()
    return assert(next_word())
  end
  local function number(most)
    local value = tonumber(word())
    assert(value and value >= 0 and value <= most and value == math.floor(value))
    return value
  end
  word()
  word()
  local state = { run_id = word(), lanes = {}, slots = {}, waiters = {}, members = {} }
  state.run_id = state.run_id == '-' and '' or state.run_id
  local lanes, slots = number(MAX_LANES), number(MAX_SLOTS)
  local waiters, members = number(MAX_WAITERS), number(MAX_MEMBERS)
  state.seen = number(2 ^ 52)
  state.last_id = number(2 ^ 53)
  local ever = state.seen + MAX_LEAVE + MAX_PAUSE + MAX_WINDOW * RAISE_AFTER_WINDOWS
  local function get_pool(pool)
    pool.paused_until = number(state.seen + MAX_PAUSE)
    for _, field in ipairs(LIMIT) do
      pool[field] = number(ever)
    end
    assert(pool.window <= MAX_WINDOW and pool.calls <= MAX_CALLS and pool.current <= pool.calls)
    return pool
  end
  state.forgotten_at = number(state.seen + MAX_PAUSE)
  state.until_, state.span = number(state.seen + LONGEST_SHARING), number(LONGEST_SHARING)
  state.shared = get_pool({})
  for index = 1, lanes do
    state.lanes[index] = get_pool({ id = number(2 ^ 53) })
  end
  for index = 1, slots do
    state.slots[index] = { permit = number(2 ^ 53), lane = number(2 ^ 53), free_at = number(ever) }
  end
  for index = 1, waiters do
    local waiter = { id = number(2 ^ 53), lane = number(2 ^ 53), priority = number(1) }
    waiter.asks_at = number(state.seen + ASK_AGAIN)
    state.waiters[index] = waiter
  end
  for index = 1, members do
    local member = { name = word(), share = number(ever), seen = number(ever) }
    member.number = number(ever)
    state.members[index] = member
  end
  return state
end

local function forgetting(forgotten_at)
  return {
    run_id = run_id or '', seen = now, last_id = 0, forgotten_at = forgotten_at,
    until_ = 0, span = 0, shared = new_pool(), lanes = {}, slots = {}, waiters = {}, members = {},
  }
end

-- Returns the state, and whether later changes to it may have been lost. Returns nil if there is no
-- state and the command does not create one.
--
-- A loss may include members that use their fallback. The pause after a loss includes the time in
-- which those that can reach the server send something.
local function load()
  local text = redis.call('GET', KEYS[1])
  local version = text and tonumber(text:match('^cams (%d+) '))
  if version and version > STATE_VERSION then
    error('a later version of this provider uses it')
  end
  local known, state = false, nil
  if version == STATE_VERSION then
    known, state = pcall(decode, text)
  end
  if known then
    -- A state of another run of the server is as old as the last snapshot.
    local other = false
    if run_id then
      other = state.run_id ~= '' and state.run_id ~= run_id
      state.run_id = run_id
    elseif now >= state.forgotten_at + FORWARD_DELAY then
      -- A process that does not know the run assumes another one if the server may have restarted
      -- since the last step that this process knows of. It begins no further pause during a pause:
      -- otherwise each such process would begin one.
      other = ARGV[14] == 'new' or (ARGV[14] == 'first' and now - state.seen > RESTART_TIME)
    end
    return state, other
  elseif command ~= 'acquire' then
    return nil
  end
  if not text and uptime and ARGV[15] == '1' then
    -- No process has used this server since its start. Those that can reach it send something within
    -- a bounded time after the start.
    return forgetting(now + returns_within - uptime)
  end
  -- The state was flushed, evicted or cannot be decoded. It may have contained processes that use
  -- their fallback: they have to send something again.
  return forgetting(now + returns_within)
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

local function lasts(state, at)
  return at < state.until_
end

-- The members keep their age: whether one is disconnected does not depend on the clock.
local function restart_clock(state)
  for _, member in ipairs(state.members) do
    member.seen = math.max(member.seen - state.seen + now, 0)
  end
  local restarted = forgetting(now)
  restarted.members, restarted.last_id = state.members, state.last_id
  restarted.run_id = state.run_id
  return restarted
end

local function next_id(state)
  state.last_id = math.max(state.last_id + 1, now)
  return state.last_id
end

local function is_in_use(pool)
  return now - pool.confirmed_at <= LIMIT_MEMORY
end

local function set(pool, calls, window)
  local before = pool.calls
  pool.calls, pool.window = calls, window
  if calls ~= before and (pool.current == before or pool.current > calls) then
    pool.current, pool.proven = calls, calls
  end
end

local function confirm(pool)
  local forgotten = pool.calls == 0 or not is_in_use(pool)
  local stricter = configured.calls <= pool.calls and configured.window >= pool.window
  if forgotten or stricter then
    pool.confirmed_at = now
    set(pool, configured.calls, configured.window)
  else
    set(pool, math.min(pool.calls, configured.calls), math.max(pool.window, configured.window))
  end
end

local function for_caller(pool, needed)
  if pool.current < pool.calls and needed > pool.current and now >= pool.raise_at then
    local raise = math.max(2 * (pool.current - pool.proven), 1)
    pool.proven = pool.current
    pool.current = math.min(pool.current + raise, pool.calls)
    pool.raise_at = now + pool.window + FORWARD_DELAY
  end
  return pool.current
end

local function lower(pool, permitted_at)
  local next = pool.lowered_at + pool.window
  if pool.lowered_at > 0 and (permitted_at <= pool.lowered_at or now < next) then
    return
  end
  local on_trial = pool.current > pool.proven and permitted_at < pool.raise_at
  if not on_trial then
    pool.proven = math.max(math.floor(pool.current * 7 / 10), 1)
  end
  pool.current, pool.lowered_at = pool.proven, now
  pool.raise_at = now + pool.window * RAISE_AFTER_WINDOWS
end

local function find_lane(state, wanted)
  for _, lane in ipairs(state.lanes) do
    if lane.id == wanted then
      return lane
    end
  end
end

local function account_limit(state)
  local calls, window = 1, 1
  for _, lane in ipairs(state.lanes) do
    if is_in_use(lane) then
      calls, window = math.max(calls, lane.calls), math.max(window, lane.window)
    end
  end
  return calls, window
end

local function make_lane(state)
  local lane = find_lane(state, lane_id)
  if not lane then
    if #state.lanes >= MAX_LANES then
      local oldest = 1
      for index, other in ipairs(state.lanes) do
        if other.confirmed_at < state.lanes[oldest].confirmed_at then
          oldest = index
        end
      end
      table.remove(state.lanes, oldest)
    end
    lane = new_pool()
    lane.id = lane_id
    table.insert(state.lanes, lane)
  end
  confirm(lane)
  if lasts(state, now) then
    local calls, window = account_limit(state)
    set(state.shared, calls, window)
  end
  return lane
end

-- A set of slots is that of a lane, or the shared set if there is no lane.
local function occupied(state, at, lane)
  return retain(state.slots, function(slot)
    return (not lane or slot.lane == lane.id) and slot.free_at > at
  end)
end

local function ahead(state, lane)
  return retain(state.waiters, function(waiter)
    return (not lane or waiter.lane == lane.id)
      and (waiter.priority < priority or (waiter.priority == priority and waiter.id < id))
  end)
end

local function release(state, counted)
  for _, slot in ipairs(state.slots) do
    if slot.permit == id then
      local lane = find_lane(state, slot.lane)
      if lane then
        slot.free_at = math.min(slot.free_at, counted + lane.window)
      end
      return
    end
  end
end

local function dequeue(state)
  state.waiters = retain(state.waiters, function(waiter) return waiter.id ~= id end)
end

local function enqueue(state)
  dequeue(state)
  if id == 0 or id > state.last_id then
    id = next_id(state)
  end
  if #state.waiters < MAX_WAITERS then
    local waiter = { id = id, lane = lane_id, priority = priority, asks_at = now }
    table.insert(state.waiters, waiter)
  end
end

local function release_time(slots, window, count)
  local times = {}
  for _, slot in ipairs(slots) do
    times[#times + 1] = math.min(slot.free_at, now + window)
  end
  table.sort(times)
  return times[count]
end

local function next_overdue(waiters)
  local first
  for _, waiter in ipairs(waiters) do
    first = math.min(first or waiter.asks_at, waiter.asks_at)
  end
  return (first or now) + WAITER_GRACE
end

local function note_member(state)
  local name, number = ARGV[7], tonumber(ARGV[9])
  if name == '' then
    return
  end
  for _, member in ipairs(state.members) do
    -- Commands of a process can arrive in a different order.
    if member.name == name and member.number > number then
      return
    end
  end
  state.members = retain(state.members, function(member) return member.name ~= name end)
  if ARGV[10] ~= '0' and #state.members < MAX_MEMBERS then
    -- A process that uses its share counts as disconnected from now on.
    local seen = ARGV[10] == '2' and now - CUT_OFF_AFTER - 1 or now
    local member = { name = name, share = tonumber(ARGV[8]), seen = seen, number = number }
    table.insert(state.members, member)
  end
end

-- The sum of the shares of the disconnected members.
local function cut_off(state)
  local calls = 0
  state.members = retain(state.members, function(member)
    return now - member.seen <= SHARE_LIFETIME
  end)
  for _, member in ipairs(state.members) do
    if now - member.seen > CUT_OFF_AFTER then
      calls = calls + member.share
    end
  end
  return calls
end

local function turn(state, lane)
  local pool = lane or state.shared
  local slots, waiters = occupied(state, now, lane), ahead(state, lane)
  local needed = #slots + #waiters + 1
  local limit = math.max(for_caller(pool, needed) - cut_off(state), 1)
  local recovering_until = 0
  if state.forgotten_at > 0 then
    recovering_until = state.forgotten_at + pool.window + FORWARD_DELAY
  end
  local missing, free_at = needed - limit, now
  if missing > #slots then
    free_at = next_overdue(waiters)
  elseif missing > 0 then
    free_at = release_time(slots, pool.window, missing)
  end
  return {
    at = math.max(free_at, recovering_until, pool.paused_until), ahead = #waiters, limit = limit,
    cause = now < recovering_until and 'recovering'
      or now < pool.paused_until and 'paused' or 'quota',
  }
end

local function acquire(state)
  local lane = make_lane(state)
  local since = #state.slots > MAX_REMEMBERED and 0 or REMEMBERED_AFTER
  state.slots = retain(state.slots, function(slot) return slot.free_at + since > now end)
  state.waiters = retain(state.waiters, function(waiter)
    return waiter.id == id or waiter.asks_at + WAITER_GRACE > now
  end)

  enqueue(state)
  local own = turn(state, lane)
  if lasts(state, now) then
    local shared = turn(state, nil)
    if shared.at > own.at then
      own = shared
    end
  end
  if #state.slots >= MAX_SLOTS then
    own.at = math.max(own.at, now + LOOK)
  end
  if own.at <= now then
    dequeue(state)
    local permit = next_id(state)
    local free_at = now + leave + FORWARD_DELAY + lane.window
    local slot = { permit = permit, lane = lane_id, free_at = free_at }
    table.insert(state.slots, slot)
    return { 'granted', permit }
  end
  local asks_at = math.min(own.at, now + ASK_AGAIN)
  for _, waiter in ipairs(state.waiters) do
    if waiter.id == id then
      waiter.asks_at = asks_at
    end
  end
  return { 'wait', id, asks_at - now, own.ahead, own.limit, own.cause }
end

local function exceeds_the_account(state, lane)
  local own, others = #occupied(state, now, lane), 0
  for _, slot in ipairs(occupied(state, now - REMEMBERED_AFTER, nil)) do
    if slot.lane ~= lane.id then
      others = others + 1
    end
  end
  local calls = account_limit(state)
  return others > 0 and own + others > calls
end

local function share(state)
  local again = state.until_ > 0 and now - state.until_ <= state.span
  state.span = again and math.min(state.span * 2, LONGEST_SHARING) or FIRST_SHARING
  state.until_ = now + state.span
  state.shared = new_pool()
  state.shared.confirmed_at, state.shared.lowered_at = now, now
  local calls, window = account_limit(state)
  set(state.shared, calls, window)
end

local function throttled(state)
  local pool = find_lane(state, lane_id)
  if not pool then
    return
  end
  if not lasts(state, now) and exceeds_the_account(state, pool) then
    share(state)
  end
  if lasts(state, now) then
    pool = state.shared
  end
  local length = math.min(pause < 0 and pool.window or pause, MAX_PAUSE)
  pool.paused_until = math.max(pool.paused_until, now + length)
  lower(pool, id)
end

local reply = { 'done' }
local state, lost = load()
if state then
  if now < state.seen then
    state = restart_clock(state)
  end
  if lost then
    state.forgotten_at, state.members = now + returns_within, {}
  end
  state.seen = now
  note_member(state)
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
    throttled(state)
  elseif command == 'unsent' then
    state.slots = retain(state.slots, function(slot) return slot.permit ~= id end)
  end
  local text = encode(state)
  local lifetime = string.format('%.0f', UNUSED_LIFETIME / 1000)
  redis.call('SET', KEYS[1], text, 'PX', lifetime)
end
table.insert(reply, 1, run_id and 1 or 0)
return reply
