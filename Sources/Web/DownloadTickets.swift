internal import BrowserAPI
public import EventLoop
public import WebSocket

/// Recordings that may be downloaded for a minute by whoever has the address, which the browser API gives to their owners.
@LoopActor
public final class DownloadTickets {
    private struct Ticket {
        let file: HTTPFile
        let name: String
        /// Who asked for it.
        let user: String
        let ends: ContinuousClock.Instant
        /// Lets go of the file then.
        let timer: LoopTimer
    }

    /// How long an address is good for.
    nonisolated static let lifetime = Duration.seconds(60)
    /// Each holds a descriptor; with one more the oldest ends.
    nonisolated static let most = 64
    /// Those of one user, whose oldest ends with one more: nobody ends those of others alone.
    nonisolated static let mostOfUser = 4
    static let path = "/recordings/"

    private var tickets: [String: Ticket] = [:]
    private var order: [String] = []

    public init() {}

    /// Opens a file for download.
    ///
    /// - Parameter user: Who asks for it.
    /// - Returns: The address, relative to the gateway's; nil where the file cannot be read.
    public func offer(_ path: String, to user: String) async -> String? {
        guard let file = await HTTPFile.open(path) else { return nil }
        let name = String(path.split(separator: "/").last ?? ""), token = BrowserID.make(), now = ContinuousClock.now
        let own = order.filter { tickets[$0]?.user == user }
        if own.count >= DownloadTickets.mostOfUser, let oldest = own.first { end(oldest) }
        if order.count >= DownloadTickets.most, let oldest = order.first { end(oldest) }
        let timer = LoopTimer.schedule(after: DownloadTickets.lifetime) { [weak self] in
            self?.end(token)
        }
        tickets[token] = Ticket(file: file, name: name, user: user, ends: now + DownloadTickets.lifetime, timer: timer)
        order.append(token)
        return "\(DownloadTickets.path)\(name)?ticket=\(token)"
    }

    private func end(_ token: String) {
        tickets.removeValue(forKey: token)?.timer.cancel()
        order.removeAll { $0 == token }
    }

    /// The file of an address that was given out, as something to save.
    func response(to request: HTTPRequest) -> HTTPResponse {
        let fresh = HTTPResponse.Header("Cache-Control", "no-store"), token = request.query.split(separator: "=").last.map(String.init) ?? ""
        guard request.query.hasPrefix("ticket="), let ticket = tickets[token], request.path == DownloadTickets.path + ticket.name, ticket.ends > .now else {
            return HTTPResponse(status: 404, text: "There is no such recording, or its address is too old: get_recording gives another", headers: [fresh])
        }
        var response = HTTPResponse(
            contentType: DownloadTickets.type(of: ticket.name),
            headers: [
                fresh, .init("Content-Disposition", "attachment; filename=\"\(ticket.name)\""), .init("X-Content-Type-Options", "nosniff"),
                .init("Content-Security-Policy", "sandbox"),
            ], body: [])
        response.file = ticket.file
        return response
    }

    private static func type(of name: String) -> String {
        name.hasSuffix(".m4a") ? "audio/mp4" : name.hasSuffix(".mp4") ? "video/mp4" : "video/x-matroska"
    }
}
