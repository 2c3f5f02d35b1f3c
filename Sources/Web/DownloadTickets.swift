internal import BrowserAPI
public import EventLoop
public import WebSocket

/// Recordings that may be downloaded for a minute by whoever has the address, which the browser API gives to their owners.
@LoopActor
public final class DownloadTickets {
    private struct Ticket {
        let file: HTTPFile
        let name: String
        let ends: ContinuousClock.Instant
        /// Lets go of the file then.
        let timer: LoopTimer
    }

    /// How long an address is good for.
    nonisolated static let lifetime = Duration.seconds(60)
    /// Each holds a descriptor; with one more the oldest ends.
    nonisolated static let most = 64
    static let path = "/recordings/"

    private var tickets: [String: Ticket] = [:]
    private var order: [String] = []

    public init() {}

    /// Opens a file for download.
    ///
    /// - Returns: The address, relative to the gateway's; nil where the file cannot be read.
    public func offer(_ path: String) async -> String? {
        guard let file = await HTTPFile.open(path) else { return nil }
        let name = String(path.split(separator: "/").last ?? ""), token = BrowserID.make(), now = ContinuousClock.now
        while let first = order.first, order.count >= DownloadTickets.most {
            tickets.removeValue(forKey: first)?.timer.cancel()
            order.removeFirst()
        }
        let timer = LoopTimer.schedule(after: DownloadTickets.lifetime) { [weak self] in
            self?.tickets[token] = nil
            self?.order.removeAll { $0 == token }
        }
        tickets[token] = Ticket(file: file, name: name, ends: now + DownloadTickets.lifetime, timer: timer)
        order.append(token)
        return "\(DownloadTickets.path)\(name)?ticket=\(token)"
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
