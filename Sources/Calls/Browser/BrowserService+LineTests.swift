internal import BrowserAPI
internal import EventLoop
internal import LineTest

extension BrowserService {
    /// What a line test has measured, while it lasts or later.
    func getLineTest(_ command: GetLineTest, _ client: BrowserClient, _ reply: BrowserReply) throws(APIError) {
        let tests = switchboard.lineTests
        let none = APIError(.wrongState, "this is no line test")
        switch command.test {
        case .call(let id):
            do throws(APIError) {
                let (call, _) = try switchboard.call(id, for: client, .watch)
                LoopActor.task {
                    guard let result = await tests.current(call) else { return reply.fail(none) }
                    reply.ok(result)
                }
            } catch where error.known == .unknownCall {
                reply.ok(try tests.result(of: id, for: client))
            }
        case .session(let id):
            guard let entry = try? sessions.entry(id, for: client, .watch) else {
                // The session may be another's: whose result it is decides.
                do throws(APIError) { return reply.ok(try tests.result(of: id, for: client)) } catch { throw error.known == .unknownCall ? .unknownSession() : error }
            }
            guard let subject = apiSessions[id]?.lineTest else { throw none }
            LoopActor.task {
                guard let result = await tests.current(subject, entry.session) else { return reply.fail(none) }
                reply.ok(result)
            }
        }
    }

    /// Keeps what a browser says of its end of a line test; the last report counts.
    func reportLineTest(_ command: ReportLineTest, _ client: BrowserClient, _ reply: BrowserReply) throws(APIError) {
        let notes: LineTestNotes?
        switch command.test {
        case .call(let id):
            let (call, role) = try switchboard.call(id, for: client, .negotiate)
            guard case .caller = role, call.isEcho else { throw APIError(.wrongState, "this is no line test of yours") }
            notes = call.lineTest
        case .session(let id):
            _ = try sessions.entry(id, for: client, .negotiate)
            notes = apiSessions[id]?.lineTest?.notes
        }
        guard let notes else { throw APIError(.wrongState, "this is no line test") }
        notes.browser = BrowserFigures(command)
        reply.ok([:])
    }
}

extension BrowserFigures {
    fileprivate init(_ command: ReportLineTest) {
        self.init()
        codec = command.codec
        packetsSent = command.packetsSent
        packetsReceived = command.packetsReceived
        packetsLost = command.packetsLost
        jitter = command.jitter
        roundTrip = command.roundTrip
        bufferDelay = command.bufferDelay
        concealedSamples = command.concealedSamples
        samples = command.samples
        iceConnected = command.iceConnected
        dtlsConnected = command.dtlsConnected
    }
}
