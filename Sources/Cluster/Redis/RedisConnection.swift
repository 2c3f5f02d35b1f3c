internal import CRedis
internal import Glibc

/// A connection to Redis. Its methods block, each for a few seconds at most; after an error that is none of the server's it is of no use any more.
final class RedisConnection {
    /// How long the server may take to accept the connection, and how long it may be silent before it has answered.
    static let patience = Duration.seconds(2)
    /// How long an answer may take in all, however steadily it comes.
    static let longest = Duration.seconds(10)

    private let context: UnsafeMutablePointer<redisContext>

    /// Connects, logs in and chooses the database.
    init(_ server: RedisServer, patience: Duration = RedisConnection.patience) throws(RedisError) {
        let time = timeval(patience)
        guard let context = redisConnectWithTimeout(server.host, Int32(clamping: server.port), time) else {
            throw RedisError("no memory for a connection to Redis")
        }
        self.context = context
        guard context.pointee.err == 0 else { throw failure() }
        redisSetTimeout(context, time)
        redisEnableKeepAlive(context)
        if let password = server.password?.value { try perform(["AUTH"] + (server.user.map { [$0] } ?? []) + [password]) }
        if server.database != 0 { try perform(["SELECT", "\(server.database)"]) }
    }

    deinit { redisFree(context) }

    /// Performs a command.
    ///
    /// - Throws: Also where Redis answers with an error; see ``RedisError/code``.
    @discardableResult
    func perform(_ words: [String]) throws(RedisError) -> RedisReply {
        // One buffer for all words: there may be thousands.
        var bytes: [UInt8] = [], lengths: [Int] = []
        lengths.reserveCapacity(words.count)
        for word in words {
            let before = bytes.count
            bytes.append(contentsOf: word.utf8)
            lengths.append(bytes.count - before)
        }
        let answer = bytes.withUnsafeBytes { buffer -> UnsafeMutableRawPointer? in
            let base = buffer.bindMemory(to: CChar.self).baseAddress
            var offset = 0
            var pointers: [UnsafePointer<CChar>?] = lengths.map { length in
                defer { offset += length }
                return base.map { $0 + offset }
            }
            guard redisAppendCommandArgv(context, Int32(clamping: words.count), &pointers, lengths) == REDIS_OK else { return nil }
            return exchange()
        }
        guard let answer else { throw failure() }
        defer { freeReplyObject(answer) }
        return try RedisConnection.reply(answer.assumingMemoryBound(to: redisReply.self))
    }

    /// Sends what is to be sent, and reads an answer; nil where that fails, or takes too long.
    private func exchange() -> UnsafeMutableRawPointer? {
        let end = ContinuousClock.now + RedisConnection.longest
        var isSent: Int32 = 0, answer: UnsafeMutableRawPointer?
        while isSent == 0 {
            guard ContinuousClock.now < end else { return nil }
            guard redisBufferWrite(context, &isSent) == REDIS_OK else { return nil }
        }
        while true {
            guard redisGetReplyFromReader(context, &answer) == REDIS_OK else { return nil }
            if let answer { return answer }
            guard ContinuousClock.now < end, redisBufferRead(context) == REDIS_OK else { return nil }
        }
    }

    private func failure() -> RedisError {
        if context.pointee.err == 0 { return RedisError("Redis takes too long to answer") }
        // A time limit of the socket is told as EAGAIN.
        if context.pointee.err == REDIS_ERR_IO, errno == EAGAIN || errno == EWOULDBLOCK { return RedisError("Redis does not answer") }
        let text = tern_redis_error_text(context).map { String(cString: $0) } ?? ""
        return RedisError("Redis cannot be reached: \(text)")
    }

    private static func reply(_ reply: UnsafeMutablePointer<redisReply>) throws(RedisError) -> RedisReply {
        func text() -> String { String(decoding: UnsafeRawBufferPointer(start: reply.pointee.str, count: reply.pointee.len), as: UTF8.self) }
        switch reply.pointee.type {
        case REDIS_REPLY_STRING, REDIS_REPLY_STATUS: return .text(text())
        case REDIS_REPLY_INTEGER: return .integer(Int(reply.pointee.integer))
        case REDIS_REPLY_ARRAY:
            var items: [RedisReply] = []
            items.reserveCapacity(reply.pointee.elements)
            // hiredis nests seven deep at most.
            for index in 0..<reply.pointee.elements { items.append(try reply.pointee.element[index].map { item throws(RedisError) in try self.reply(item) } ?? .null) }
            return .list(items)
        case REDIS_REPLY_ERROR: throw RedisError(refusal: text())
        default: return .null
        }
    }
}

extension timeval {
    fileprivate init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.init(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
    }
}
