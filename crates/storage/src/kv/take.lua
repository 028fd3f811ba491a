-- Decides about several limits at once: all are taken from, or none.
--
-- The same arithmetic as kernel::rate::State, number for number; a property test holds the two
-- together. Times are microseconds. Lua's numbers are doubles: exact for integers up to 2^53, which
-- the callers' bounds guarantee; quotients are taken through math.fmod, which is exact.
--
-- KEYS: one for each limit. ARGV[1]: the time, or '' for the server's own. Then for each limit:
-- algorithm (t, f, s), limit, window, cost. Answers for each limit: allowed (0, 1), remaining,
-- reset_after, retry_after (-1 when allowed).
--
-- Stored, as decimal numbers with spaces between, only when something was taken:
--   t  theoretical arrival time
--   f  start of the window, units in it
--   s  pairs of a part's number and the units in it, in order; the last is the newest part

local now = tonumber(ARGV[1])
local own_clock = now == nil
if own_clock then
    local time = redis.call('TIME')
    now = tonumber(time[1]) * 1000000 + tonumber(time[2])
end

local function div(a, b)
    return (a - math.fmod(a, b)) / b
end

local function numbers(text)
    local list = {}
    for word in string.gmatch(text or '', '%S+') do
        list[#list + 1] = tonumber(word)
    end
    return list
end

-- Each returns: allowed, remaining, reset_after, retry_after, and if allowed what to store (a list)
-- and when it says nothing any more.

local function token_bucket(stored, limit, window, cost)
    local step = div(window, limit)
    local start = math.max(stored[1] or 0, now)
    local next = start + step * cost
    local burst = step * limit
    local allowed = next - now <= burst
    local after = allowed and next or start
    local remaining = math.max(div(burst - (after - now), math.max(step, 1)), 0)
    return allowed, remaining, after - now, next - now - burst, { next }, next
end

local function fixed_window(stored, limit, window, cost)
    local current = now - math.fmod(now, window)
    local used = stored[1] == current and stored[2] or 0
    local allowed = used + cost <= limit
    local after = allowed and used + cost or used
    local left = current + window - now
    return allowed, limit - after, left, left, { current, after }, current + window
end

local function sliding_window(stored, limit, window, cost)
    local slot = div(window + 59, 60)
    local newest = math.max(stored[#stored - 1] or 0, div(now, slot))
    local kept, total = {}, 0
    for i = 1, #stored, 2 do
        if stored[i] >= newest - 60 then
            kept[#kept + 1] = stored[i]
            kept[#kept + 1] = stored[i + 1]
            total = total + stored[i + 1]
        end
    end

    if total + cost <= limit then
        if kept[#kept - 1] == newest then
            kept[#kept] = kept[#kept] + cost
        else
            kept[#kept + 1] = newest
            kept[#kept + 1] = cost
        end
        local idle = (newest + 61) * slot
        return true, limit - total - cost, idle - now, 0, kept, idle
    end

    -- When enough parts, oldest first, will have left the window.
    local needed, freed, last = total + cost - limit, 0, newest - 60
    for i = 1, #kept, 2 do
        freed = freed + kept[i + 1]
        last = kept[i]
        if freed >= needed then break end
    end
    local reset = total == 0 and 0 or (kept[#kept - 1] + 61) * slot - now
    return false, limit - total, reset, (last + 61) * slot - now
end

local algorithms = { t = token_bucket, f = fixed_window, s = sliding_window }

local values = redis.call('MGET', unpack(KEYS))
local answer, changes, all = {}, {}, true
for i, key in ipairs(KEYS) do
    local at = 4 * i - 2
    local limit, window, cost = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
    local allowed, remaining, reset, retry, list, idle =
        algorithms[ARGV[at]](numbers(values[i] or nil), limit, window, cost)
    answer[4 * i - 3] = allowed and 1 or 0
    answer[4 * i - 2] = remaining
    answer[4 * i - 1] = math.max(reset, 0)
    answer[4 * i] = allowed and -1 or math.max(retry, 0)
    changes[i] = { key, list, idle }
    all = all and allowed
end

if all then
    for _, change in ipairs(changes) do
        local key, list, idle = change[1], change[2], change[3]
        for i, number in ipairs(list) do
            list[i] = string.format('%.0f', number)
        end
        -- Milliseconds, a second longer than needed. Under a clock that is not the server's nobody
        -- can say when a key has become idle: an hour is for tests.
        local ttl = own_clock and math.ceil((idle - now) / 1000) + 1000 or 3600000
        redis.call('SET', key, table.concat(list, ' '), 'PX', string.format('%.0f', ttl))
    end
end
return answer
