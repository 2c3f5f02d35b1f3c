/// The keys of a cluster in Redis.
///
/// | key | type | what |
/// | --- | --- | --- |
/// | `version` | string | ``version``: what the others mean |
/// | `nodes` | hash | by a node's name what it says of itself (``NodeRecord``) |
/// | `node:NAME` | string, with a time to live | the instance and the address of a node that lives |
/// | `bindings:NAME` | hash | by its number a binding that the node has, as JSON |
/// | `browsers:NAME` | hash | the users who have a browser logged in there |
/// | `changes` | stream | each change of these, for the other nodes |
struct ClusterKeys: Sendable {
    /// The version of the data. Another one is left alone.
    static let version = "1"
    /// Changes that are kept, about; a node that has missed more loads everything anyway.
    static let changesKept = "10000"
    /// How far the clocks of two nodes may be apart, in milliseconds.
    static let clockDifference = 1_000

    let prefix: String

    var version: String { prefix + "version" }
    var nodes: String { prefix + "nodes" }
    var changes: String { prefix + "changes" }
    func node(_ name: String) -> String { prefix + "node:" + name }
    func bindings(_ name: String) -> String { prefix + "bindings:" + name }
    func browsers(_ name: String) -> String { prefix + "browsers:" + name }
}

/// The scripts that Redis runs: each as a whole, between the commands of others.
enum ClusterScript {
    /// Says that this node lives. Answers 1 where it was not known to, else 0, and how many bindings and browsers there are of it.
    ///
    /// KEYS: version, node, nodes, changes, bindings, browsers. ARGV: version, name, instance, address, time to live in ms, what it says of
    /// itself, seconds that the hashes live, `first` or `again`, the prefix of the keys.
    ///
    /// A process that starts takes the place of a former one at the same address, which has ended: nobody else can listen there. Names are
    /// forgotten of which nothing is left.
    static let claim = """
        local version = redis.call('GET', KEYS[1])
        if version and version ~= ARGV[1] then return redis.error_reply('VERSION ' .. version) end
        local mine, owner = ARGV[3] .. ' ' .. ARGV[4], redis.call('GET', KEYS[2])
        if owner and owner ~= mine and (ARGV[8] == 'again' or string.sub(owner, -#ARGV[4] - 1) ~= ' ' .. ARGV[4]) then
          return redis.error_reply('TAKEN ' .. owner)
        end
        if not version then redis.call('SET', KEYS[1], ARGV[1]) end
        redis.call('SET', KEYS[2], mine, 'PX', ARGV[5])
        local isNew = owner ~= mine
        if redis.call('HGET', KEYS[3], ARGV[2]) ~= ARGV[6] or isNew then
          redis.call('HSET', KEYS[3], ARGV[2], ARGV[6])
          redis.call('XADD', KEYS[4], 'MAXLEN', '~', \(ClusterKeys.changesKept), '*', 'node', ARGV[2], 'op', 'node', 'field', ARGV[2], 'value', ARGV[6])
        end
        for _, name in ipairs(redis.call('HKEYS', KEYS[3])) do
          if not redis.pcall('GET', ARGV[9] .. 'node:' .. name) and redis.pcall('HLEN', ARGV[9] .. 'bindings:' .. name) == 0 then
            redis.call('HDEL', KEYS[3], name)
          end
        end
        redis.call('EXPIRE', KEYS[5], ARGV[7])
        redis.call('EXPIRE', KEYS[6], ARGV[7])
        return {isNew and 1 or 0, redis.call('HLEN', KEYS[5]), redis.call('HLEN', KEYS[6])}
        """

    /// Changes what a node has, and tells the others. Each change is an operation, a field and a value:
    /// `+` and `-` set and remove one, `clear` removes all, `all` tells the others to load it anew.
    ///
    /// KEYS: node, hash, changes. ARGV: name, instance, what is changed (`bindings`, `browsers`), seconds that the hash lives, changes.
    static let change = """
        local owner = redis.call('GET', KEYS[1])
        if not owner or string.sub(owner, 1, #ARGV[2] + 1) ~= ARGV[2] .. ' ' then return redis.error_reply('FORGOTTEN') end
        local isWhole = false
        for i = 5, #ARGV, 3 do if ARGV[i] == 'clear' or ARGV[i] == 'part' then isWhole = true end end
        for i = 5, #ARGV, 3 do
          local op = ARGV[i]
          if op == '+' then redis.call('HSET', KEYS[2], ARGV[i + 1], ARGV[i + 2])
          elseif op == '-' then redis.call('HDEL', KEYS[2], ARGV[i + 1])
          elseif op == 'clear' then redis.call('DEL', KEYS[2]) end
          if op == 'all' or (not isWhole and (op == '+' or op == '-')) then
            redis.call('XADD', KEYS[3], 'MAXLEN', '~', \(ClusterKeys.changesKept), '*',
              'node', ARGV[1], 'op', op .. ARGV[3], 'field', ARGV[i + 1], 'value', ARGV[i + 2])
          end
        end
        redis.call('EXPIRE', KEYS[2], ARGV[4])
        return redis.call('HLEN', KEYS[2])
        """

    /// The bindings that this node has, as `HGETALL` gives them. A node of the same name that is refused gets none.
    ///
    /// KEYS: version, node, bindings. ARGV: version, instance.
    static let load = """
        local version = redis.call('GET', KEYS[1])
        if version and version ~= ARGV[1] then return redis.error_reply('VERSION ' .. version) end
        local owner = redis.call('GET', KEYS[2])
        if not owner or string.sub(owner, 1, #ARGV[2] + 1) ~= ARGV[2] .. ' ' then return redis.error_reply('FORGOTTEN') end
        return redis.call('HGETALL', KEYS[3])
        """

    /// Ends a binding of another node, be it alive or not, and tells it and the others. One that its phone has refreshed there since stays, and so does
    /// another user's that has the number by now.
    ///
    /// KEYS: bindings, changes. ARGV: the node, the binding's number, its user, when it was ended, in ms since 1970.
    static let end = """
        local value = redis.call('HGET', KEYS[1], ARGV[2])
        local isText, binding = pcall(cjson.decode, value or '')
        if isText and type(binding) == 'table' and binding.user ~= ARGV[3] then return 0 end
        local updated = isText and type(binding) == 'table' and tonumber(binding.updated)
        if updated and updated > tonumber(ARGV[4]) + \(ClusterKeys.clockDifference) then return 0 end
        local function tell(op)
          redis.call('XADD', KEYS[2], 'MAXLEN', '~', \(ClusterKeys.changesKept), '*',
            'node', ARGV[1], 'op', op, 'field', ARGV[2], 'value', ARGV[3], 'at', ARGV[4])
        end
        if redis.call('HDEL', KEYS[1], ARGV[2]) == 1 then tell('-bindings') end
        tell('end')
        return 1
        """

    /// This node leaves: it lives no longer, and its browsers are gone.
    ///
    /// KEYS: node, browsers, changes. ARGV: name, instance.
    static let leave = """
        local owner = redis.call('GET', KEYS[1])
        if not owner or string.sub(owner, 1, #ARGV[2] + 1) ~= ARGV[2] .. ' ' then return 0 end
        redis.call('DEL', KEYS[1], KEYS[2])
        redis.call('XADD', KEYS[3], 'MAXLEN', '~', \(ClusterKeys.changesKept), '*', 'node', ARGV[1], 'op', 'left', 'field', '', 'value', '')
        return 1
        """
}
