-- Decides about several limits at once: all are taken from, or none.
--
-- The same arithmetic as kernel::rate::State, number for number; a property test holds the two
-- together. Times are microseconds. Lua's numbers are doubles: exact for integers up to 2^53, which
-- the callers' bounds guarantee; quotients are taken through math.fmod, which is exact.
--
-- KEYS: one for each limit. ARGV[1]: the time, or '' for the server's own. ARGV[2]: who asks, for slots.
-- Then for each limit: algorithm (t, f, s, d, m, c), limit, window, cost. Answers for each limit: allowed
-- (0, 1), remaining, reset_after, retry_after (-1 when allowed).
--
-- Stored, as decimal numbers with spaces between, only when something was taken:
--   t  theoretical arrival time
--   f  start of the window, units in it
--   s  pairs of a part's number and the units in it, in order; the last is the newest part
--   d  (a day of the calendar) start of the day, units in it
--   m  (a month of the calendar) start of the month, units in it
-- and, as a sorted set of holders by the end of their lease, where `window` is the lease:
--   c  slots: how many hold one at once

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

-- kernel::rate::SLOTS
local SLOTS = 60

local function sliding_window(stored, limit, window, cost)
    local slot = div(window + SLOTS - 1, SLOTS)
    local newest = math.max(stored[#stored - 1] or 0, div(now, slot))
    local kept, total = {}, 0
    for i = 1, #stored, 2 do
        if stored[i] >= newest - SLOTS then
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
        local idle = (newest + SLOTS + 1) * slot
        return true, limit - total - cost, idle - now, 0, kept, idle
    end

    -- When enough parts, oldest first, will have left the window.
    local needed, freed, last = total + cost - limit, 0, newest - SLOTS
    for i = 1, #kept, 2 do
        freed = freed + kept[i + 1]
        last = kept[i]
        if freed >= needed then break end
    end
    local reset = total == 0 and 0 or (kept[#kept - 1] + SLOTS + 1) * slot - now
    return false, limit - total, reset, (last + SLOTS + 1) * slot - now
end

local DAY = 86400000000

local function day(at)
    local first = div(at, DAY)
    return first * DAY, (first + 1) * DAY
end

-- As kernel::rate::Period: years begin in March, so that a leap day is the last of its year.
local function first_of(era, year, month)
    return era * 146097 + year * 365 + div(year, 4) - div(year, 100) + div(153 * month + 2, 5) - 719468
end

local function month(at)
    local shifted = div(at, DAY) + 719468
    local era = div(shifted, 146097)
    local of_era = shifted - era * 146097
    local year = div(of_era - div(of_era, 1460) + div(of_era, 36524) - div(of_era, 146096), 365)
    local of_year = of_era - (365 * year + div(year, 4) - div(year, 100))
    local number = div(5 * of_year + 2, 153)
    local next
    if number < 11 then
        next = first_of(era, year, number + 1)
    elseif year < 399 then
        next = first_of(era, year + 1, 0)
    else
        next = first_of(era + 1, 0, 0)
    end
    return first_of(era, year, number) * DAY, next * DAY
end

local function calendar(around)
    return function(stored, limit, window, cost)
        local current, stop = around(now)
        local used = 0
        if (stored[1] or 0) > current then
            -- A clock that went back keeps counting in the later period.
            used = stored[2]
            current, stop = around(stored[1])
        elseif stored[1] == current then
            used = stored[2]
        end
        local allowed = used + cost <= limit
        local after = allowed and used + cost or used
        return allowed, limit - after, stop - now, stop - now, { current, after }, stop
    end
end

local algorithms = {
    t = token_bucket, f = fixed_window, s = sliding_window, d = calendar(day), m = calendar(month),
}

-- Whether there is room for one more. Nobody knows when a slot is given back: the wait is a second.
local function slots(key, limit)
    redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', now))
    local held = redis.call('ZCARD', key)
    local allowed = held < limit
    return allowed, math.max(limit - held - (allowed and 1 or 0), 0), 0, 1000000
end

local values = redis.call('MGET', unpack(KEYS))
local answer, changes, all = {}, {}, true
for i, key in ipairs(KEYS) do
    local at = 4 * i - 1
    local limit, window, cost = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
    local allowed, remaining, reset, retry, list, idle
    if ARGV[at] == 'c' then
        allowed, remaining, reset, retry = slots(key, limit)
        idle = now + window
    else
        allowed, remaining, reset, retry, list, idle =
            algorithms[ARGV[at]](numbers(values[i] or nil), limit, window, cost)
    end
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
        -- Milliseconds, a second longer than needed. Under a clock that is not the server's nobody
        -- can say when a key has become idle: an hour is for tests.
        local ttl = own_clock and math.ceil((idle - now) / 1000) + 1000 or 3600000
        ttl = string.format('%.0f', ttl)
        if list then
            for i, number in ipairs(list) do
                list[i] = string.format('%.0f', number)
            end
            redis.call('SET', key, table.concat(list, ' '), 'PX', ttl)
        else
            redis.call('ZADD', key, string.format('%.0f', idle), ARGV[2])
            redis.call('PEXPIRE', key, ttl)
        end
    end
end
return answer
