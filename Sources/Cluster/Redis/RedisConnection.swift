internal import CRedis
internal import TLS

/// A connection to Redis, or to a sentinel. Its methods block, each for a few seconds at most; after an error that is none of the server's it is of no use
/// any more.
final class RedisConnection {
    /// How long the server may take to accept the connection, and how long it may be silent before it has answered.
    static let patience = Duration.seconds(2)
    /// How long an answer may take in all, however steadily it comes.
    static let longest = Duration.seconds(10)

    let place: RedisServer.Place
    private let stream: BlockingStream
    private let reader: UnsafeMutablePointer<redisReader>
    private let patience: Duration

    /// Connects.
    ///
    /// - Parameter security: Nil is without TLS.
    init(_ place: RedisServer.Place, security: TLSClientSettings?, patience: Duration = RedisConnection.patience) throws(RedisError) {
        self.place = place
        self.patience = patience
        do throws(BlockingStreamError) {
            stream = try BlockingStream(host: place.host, port: place.port, security: security, patience: patience)
        } catch {
            throw RedisConnection.failure(error, at: place)
        }
        guard let reader = redisReaderCreate() else { throw RedisError("no memory for a connection to Redis") }
        self.reader = reader
    }

    deinit { redisReaderFree(reader) }

    /// Performs a command.
    ///
    /// - Throws: Also where Redis answers with an error; see ``RedisError/code``.
    @discardableResult
    func perform(_ words: [String]) throws(RedisError) -> RedisReply {
        let end = ContinuousClock.now + RedisConnection.longest
        stream.allow(patience)
        do throws(BlockingStreamError) { try stream.write(RedisConnection.text(of: words)) } catch { throw RedisConnection.failure(error, at: place) }
        while true {
            var answer: UnsafeMutableRawPointer?
            guard redisReaderGetReply(reader, &answer) == REDIS_OK else { throw RedisError("what answers at \(place) is no Redis") }
            if let answer {
                defer { freeReplyObject(answer) }
                return try RedisConnection.reply(answer.assumingMemoryBound(to: redisReply.self))
            }
            try read(until: end)
        }
    }

    /// Waits for a further part of an answer.
    private func read(until end: ContinuousClock.Instant) throws(RedisError) {
        let left = ContinuousClock.now.duration(to: end)
        guard left > .zero else { throw RedisError("Redis takes too long to answer") }
        stream.allow(min(left, patience))
        let bytes: [UInt8]
        do throws(BlockingStreamError) { bytes = try stream.read() } catch { throw RedisConnection.failure(error, at: place) }
        guard !bytes.isEmpty else { throw RedisError("Redis cannot be reached: \(place) has closed the connection") }
        let isTaken = bytes.withUnsafeBytes { redisReaderFeed(reader, $0.bindMemory(to: CChar.self).baseAddress, $0.count) == REDIS_OK }
        guard isTaken else { throw RedisError("what answers at \(place) is no Redis") }
    }

    /// A command as it goes out: an array of strings.
    private static func text(of words: [String]) -> [UInt8] {
        var bytes = Array("*\(words.count)\r\n".utf8)
        for word in words {
            let text = word.utf8
            bytes.append(contentsOf: "$\(text.count)\r\n".utf8)
            bytes.append(contentsOf: text)
            bytes.append(contentsOf: [0x0D, 0x0A])
        }
        return bytes
    }

    private static func failure(_ error: BlockingStreamError, at place: RedisServer.Place) -> RedisError {
        RedisError(error.isTimeout ? "Redis does not answer at \(place): \(error)" : "Redis cannot be reached at \(place): \(error)")
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
