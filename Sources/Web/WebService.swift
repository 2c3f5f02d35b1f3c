public import BrowserAPI
public import EventLoop
public import JSON
public import WebSocket

/// What the HTTP listener serves: the web page, the state of the gateway, its metrics, and the WebSockets of the browser API.
@LoopActor
public final class WebService: WebSocketServerHandler {
    /// What is told of the gateway; asked at each request.
    public struct Reports {
        /// The answer to `/status` for admins.
        public var status: @LoopActor () -> JSONValue
        /// The result of the line test that its caller gave this id; nil where there is none.
        public var lineTest: @LoopActor (String) -> JSONValue?
        /// The answer to `/metrics`, in Prometheus' text format.
        public var metrics: @LoopActor () -> String
        /// Why no call can be taken at the moment; empty where one can. The answer to `/readyz`.
        public var obstacles: @LoopActor () -> [String]
        /// Whether metrics may be read from this `address:port`.
        public var mayReadMetrics: @LoopActor (String) -> Bool

        public init(
            status: @escaping @LoopActor () -> JSONValue, lineTest: @escaping @LoopActor (String) -> JSONValue? = { _ in nil },
            metrics: @escaping @LoopActor () -> String, obstacles: @escaping @LoopActor () -> [String],
            mayReadMetrics: @escaping @LoopActor (String) -> Bool
        ) {
            self.status = status
            self.lineTest = lineTest
            self.metrics = metrics
            self.obstacles = obstacles
            self.mayReadMetrics = mayReadMetrics
        }
    }

    private static let fresh = HTTPResponse.Header("Cache-Control", "no-store")

    private let page: WebPage
    private let api: BrowserAPI
    private let reports: Reports
    private let downloads: DownloadTickets?

    /// - Parameter downloads: The recordings that may be downloaded; nil where there are none.
    public init(page: WebPage, api: BrowserAPI, reports: Reports, downloads: DownloadTickets? = nil) {
        self.downloads = downloads
        self.page = page
        self.api = api
        self.reports = reports
    }

    public func respond(to request: HTTPRequest) -> HTTPResponse {
        switch request.path {
        case "/status": status(request)
        case "/metrics": metrics(request)
        case "/healthz": HTTPResponse(status: 200, text: "ok", headers: [WebService.fresh])
        case "/readyz": readiness
        case let path where path.hasPrefix(DownloadTickets.path):
            downloads?.response(to: request) ?? HTTPResponse(status: 404, text: "Not found")
        case let path where path.hasPrefix(WebService.lineTests): lineTest(String(path.dropFirst(WebService.lineTests.count)))
        default: page.response(to: request.path)
        }
    }

    private static let lineTests = "/api/line-tests/"

    /// Whoever knows the id that the caller chose may read the result.
    private func lineTest(_ id: String) -> HTTPResponse {
        guard let result = reports.lineTest(id) else {
            return HTTPResponse(status: 404, text: "There is no result of a line test with this X-Tern-Test-Id", headers: [WebService.fresh])
        }
        return HTTPResponse(contentType: "application/json", headers: [WebService.fresh], body: Array(result.text.utf8))
    }

    /// The state is for admins, with the user and password of their logins (RFC 7617); others see that the gateway answers.
    private func status(_ request: HTTPRequest) -> HTTPResponse {
        var state: JSONValue = ["status": "ok"]
        if let header = request.headers["authorization"] {
            let credentials = BasicCredentials(header)
            let user = credentials.flatMap { api.authenticate(user: $0.user, password: $0.password, from: request.remoteAddress) }
            guard let user else {
                let challenge = HTTPResponse.Header("WWW-Authenticate", "Basic realm=\"tern\", charset=\"UTF-8\"")
                return HTTPResponse(status: 401, text: "Wrong user or password", headers: [WebService.fresh, challenge])
            }
            if user.isAdmin { state = reports.status() }
        }
        return HTTPResponse(contentType: "application/json", headers: [WebService.fresh], body: Array(state.text.utf8))
    }

    /// A proxy's own address says nothing about who asks through it.
    private func metrics(_ request: HTTPRequest) -> HTTPResponse {
        let isForwarded = request.headers["x-forwarded-for"] != nil || request.headers["via"] != nil
        guard !isForwarded, reports.mayReadMetrics(request.remoteAddress) else {
            return HTTPResponse(status: 403, text: "The metrics are for the addresses in http.metrics_from", headers: [WebService.fresh])
        }
        return HTTPResponse(
            contentType: "text/plain; version=0.0.4; charset=utf-8", headers: [WebService.fresh], body: Array(reports.metrics().utf8))
    }

    private var readiness: HTTPResponse {
        let obstacles = reports.obstacles()
        return obstacles.isEmpty
            ? HTTPResponse(status: 200, text: "ready", headers: [WebService.fresh])
            : HTTPResponse(status: 503, text: obstacles.joined(separator: "\n"), headers: [WebService.fresh])
    }

    public func opened(_ connection: WebSocketConnection) { api.opened(connection) }

    public func received(_ text: String, on connection: WebSocketConnection) { api.received(text, on: connection) }

    public func closed(_ connection: WebSocketConnection) { api.closed(connection) }
}
