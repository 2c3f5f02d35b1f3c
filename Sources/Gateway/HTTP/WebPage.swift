internal import Foundation
internal import WebSocket

/// The files of the web page, read once at start: what is not in the folder cannot be asked for.
struct WebPage {
    private let files: [String: (type: String, body: [UInt8])]

    private static let types = [
        "html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8",
        "svg": "image/svg+xml", "png": "image/png", "ico": "image/x-icon", "json": "application/json",
        "webmanifest": "application/manifest+json",
    ]

    /// Sent with every file. The page loads nothing from elsewhere, and may not be framed.
    private static let headers = [
        HTTPResponse.Header(
            "Content-Security-Policy",
            "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"),
        HTTPResponse.Header("X-Content-Type-Options", "nosniff"),
        HTTPResponse.Header("Referrer-Policy", "no-referrer"),
        HTTPResponse.Header("Cache-Control", "no-cache"),
        HTTPResponse.Header("Permissions-Policy", "camera=(self), microphone=(self)"),
    ]

    /// Reads the files that were installed with the program.
    init() throws(GatewayError) {
        guard let folder = Bundle.module.url(forResource: "Web", withExtension: nil) else {
            throw .webPage("\(Bundle.module.bundlePath) has no folder Web")
        }
        do {
            var files: [String: (type: String, body: [UInt8])] = [:]
            for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
                guard let type = WebPage.types[(name as NSString).pathExtension] else { continue }
                files["/" + name] = (type, Array(try Data(contentsOf: folder.appendingPathComponent(name))))
            }
            self.files = files
        } catch {
            throw .webPage("\(folder.path): \(error)")
        }
    }

    func response(to path: String) -> HTTPResponse {
        guard let file = files[path == "/" ? "/index.html" : path] else {
            return HTTPResponse(status: 404, text: "Not found")
        }
        return HTTPResponse(contentType: file.type, headers: WebPage.headers, body: file.body)
    }
}
