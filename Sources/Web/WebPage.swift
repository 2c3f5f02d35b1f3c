internal import Foundation
public import WebSocket

/// The files of `Files/`, read once at start, each at its path below `/`: the phone and the operator's page, `tern/`, the client library, and
/// `phone/` and `admin/`, the applications. Beside them is `/tern.bundle.js`, the client library in one file.
///
/// A file that was not there at the start cannot be asked for.
public struct WebPage: Sendable {
    /// Why the files cannot be read.
    public struct Failure: Error, Sendable, CustomStringConvertible {
        public let description: String
    }

    private let files: [String: (type: String, body: [UInt8])]

    private static let types = [
        "html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8",
        "svg": "image/svg+xml", "png": "image/png", "ico": "image/x-icon", "json": "application/json",
        "webmanifest": "application/manifest+json", "ts": "text/plain; charset=utf-8",
    ]

    /// Sent with every file. The page loads nothing from elsewhere, and may not be framed. Its program reads the forms: a browser that sent
    /// the one of the sign-in by itself would put the password into the address.
    private static let headers = [
        HTTPResponse.Header(
            "Content-Security-Policy",
            "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
        HTTPResponse.Header("X-Content-Type-Options", "nosniff"),
        HTTPResponse.Header("Referrer-Policy", "no-referrer"),
        HTTPResponse.Header("Cache-Control", "no-cache"),
        HTTPResponse.Header("Permissions-Policy", "camera=(self), microphone=(self)"),
    ]

    /// Reads the files that were installed with the program.
    public init() throws(Failure) {
        let folder = try WebPage.folder(ofProgram: URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath())
        do {
            var files: [String: (type: String, body: [UInt8])] = [:]
            for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
                guard let type = WebPage.types[(path as NSString).pathExtension] else { continue }
                files["/" + path] = (type, Array(try Data(contentsOf: folder.appendingPathComponent(path))))
            }
            let modules = files.filter { $0.key.hasPrefix(WebPage.library) }.map { path, file in
                (String(path.dropFirst(WebPage.library.count)), String(decoding: file.body, as: UTF8.self))
            }
            files["/tern.bundle.js"] = (WebPage.types["js"] ?? "", Array(LibraryBundle.text(of: Dictionary(uniqueKeysWithValues: modules)).utf8))
            self.files = files
        } catch {
            throw Failure(description: "\(folder.path): \(error)")
        }
    }

    /// Where the files are: in `../share/tern/web` of the program's folder when it is installed, in its bundle beside it where it was built.
    static func folder(ofProgram program: URL) throws(Failure) -> URL {
        let beside = program.deletingLastPathComponent()
        let places = [
            beside.deletingLastPathComponent().appendingPathComponent("share/tern/web"), beside.appendingPathComponent("tern_Web.resources/Files"),
        ]
        guard let folder = places.first(where: { FileManager.default.fileExists(atPath: $0.path) }) else {
            throw Failure(description: "the page's files are neither in \(places[0].path) nor in \(places[1].path): is the installation whole?")
        }
        return folder
    }

    /// The client library, which pages of allowed origins may import.
    private static let library = "/tern/"
    private static let entrances: Set = ["/tern.js", "/tern.bundle.js"]

    /// The paths of pages, and their files.
    private static let pages = ["/": "/index.html", "/admin": "/admin.html"]

    /// The file at `path`, or 404.
    public func response(to path: String) -> HTTPResponse {
        // The files of a page are named from the folder that it is in.
        if path == "/admin/" { return HTTPResponse(status: 308, text: "See /admin", headers: [HTTPResponse.Header("Location", "../admin")]) }
        guard let file = files[WebPage.pages[path] ?? path] else {
            return HTTPResponse(status: 404, text: "Not found")
        }
        return HTTPResponse(
            contentType: file.type, headers: WebPage.headers, body: file.body,
            isForAllowedOrigins: path.hasPrefix(WebPage.library) || WebPage.entrances.contains(path))
    }
}
