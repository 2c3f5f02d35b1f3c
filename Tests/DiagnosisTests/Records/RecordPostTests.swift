import Configuration
import Events
import Foundation
import Glibc
import JSON
import Synchronization
import TestCertificates
import Testing
@testable import Diagnosis

@Suite("Records by HTTP POST")
struct RecordPostTests {
    private func post(_ url: String, patience: Duration = .seconds(5)) -> RecordPost {
        RecordPost(url: Secret(url), authorities: "/etc/ssl/certs/ca-certificates.crt", patience: patience)
    }

    @Test("the receiver gets an array of records, with the credentials of the URL")
    func sent() throws {
        let receiver = try #require(HTTPReceiver { _ in 200 })
        let records = [RecordSamples.ended("a"), RecordSamples.failed("b")]
        #expect(try post("http://tern:h%75sh@127.0.0.1:\(receiver.port)/calls?from=tern").write(records).count == 0)
        let request = try #require(receiver.requests.first)
        #expect(request.hasPrefix("POST /calls?from=tern HTTP/1.1\r\nHost: 127.0.0.1:\(receiver.port)\r\n"))
        #expect(request.contains("\r\nAuthorization: Basic dGVybjpodXNo\r\n") && request.contains("\r\nContent-Type: application/json\r\n"))
        let body = try JSONValue(parsing: request.components(separatedBy: "\r\n\r\n")[1])
        #expect(body.arrayValue?.compactMap { CallRecord(json: $0.text) } == records)
    }

    @Test("a refusal is an error that says so, without the password; a record that the receiver never takes is left out", arguments: [400, 413, 422])
    func refused(status: Int) throws {
        let receiver = try #require(HTTPReceiver { $0.contains("\"mallory\"") ? status : $0.contains("\"trouble\"") ? 503 : 204 })
        let url = "http://tern:hush@127.0.0.1:\(receiver.port)/"
        let error = failure { try post(url).write([RecordSamples.ended("a", from: "trouble")]) }
        #expect(error?.description == "http://tern@127.0.0.1:\(receiver.port)/ answered 503")
        #expect(try post(url).write([RecordSamples.ended("a"), RecordSamples.ended("b", from: "mallory"), RecordSamples.ended("c")]).count == 1)
        #expect(receiver.requests.count == 5)
    }

    @Test("a receiver that is away, or says nothing, is given up in time")
    func away() throws {
        #expect(failure { try post("http://127.0.0.1:1/").write([RecordSamples.ended("a")]) } != nil)
        let silent = try #require(SilentServer())
        let began = ContinuousClock.now
        #expect(failure { try post("http://127.0.0.1:\(silent.port)/", patience: .milliseconds(200)).write([RecordSamples.ended("a")]) } != nil)
        #expect(failure { try post("https://127.0.0.1:\(silent.port)/", patience: .milliseconds(200)).write([RecordSamples.ended("a")]) } != nil)
        #expect(ContinuousClock.now - began < .seconds(5))
    }

    @Test("over TLS the receiver's certificate must be of that name or address, and of an authority that is believed")
    func secure() throws {
        let authority = try TestAuthority(), other = try TestAuthority(name: "Other CA")
        let records = (0..<400).map { RecordSamples.ended("\($0)") }
        func post(_ server: TLSReceiver, host: String, authorities: String) -> RecordPost {
            RecordPost(url: Secret("https://\(host):\(server.port)/calls"), authorities: authorities, patience: .seconds(10))
        }
        let server = try TLSReceiver(authority.issue("local", names: "DNS:localhost,IP:127.0.0.1"))
        // Much more than one TLS record.
        #expect(try post(server, host: "127.0.0.1", authorities: authority.certificate).write(records).count == 0)
        #expect(try post(server, host: "localhost", authorities: authority.certificate).write(records).count == 0)
        let stranger = failure { try post(server, host: "127.0.0.1", authorities: other.certificate).write(records) }
        #expect(stranger?.description.contains("its certificate is not believed") == true, "\(String(describing: stranger))")
        let elsewhere = try TLSReceiver(authority.issue("elsewhere", names: "DNS:calls.example.org,IP:192.0.2.1"))
        for host in ["127.0.0.1", "localhost"] {
            let wrong = failure { try post(elsewhere, host: host, authorities: authority.certificate).write(records) }
            #expect(wrong?.description.contains("its certificate is not believed") == true, "\(host): \(String(describing: wrong))")
        }
    }

    @Test("URLs are taken apart as RFC 3986 has them", arguments: [
        ("http://a.example", "a.example", 80, "/", nil), ("https://[2001:db8::1]:8443/x/y?z=1#w", "2001:db8::1", 8_443, "/x/y?z=1", nil),
        ("https://u:p@b.example?q", "b.example", 443, "/?q", "u:p"), ("HTTP://u%40x:p%3A@h:8080/", "h", 8_080, "/", "u@x:p:"),
    ] as [(String, String, Int, String, String?)])
    func targets(url: String, host: String, port: Int, path: String, credentials: String?) throws {
        let target = try #require(PostTarget(url))
        #expect(target.host == host && target.port == port && target.path == path && target.credentials == credentials)
        #expect(target.isSecure == url.lowercased().hasPrefix("https"))
    }

    @Test("what is no URL is none", arguments: ["", "http://", "ftp://a", "http://:80/", "http://a:0/", "http://a:99999/", "http://a:b/"])
    func nonsense(url: String) { #expect(PostTarget(url) == nil) }
}

/// Takes requests over TLS, and answers 204 where the body is JSON.
private final class TLSReceiver {
    let port: Int
    private let process = Process()

    private static let program = """
        import http.server, json, ssl, sys
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                self.send_response(204 if isinstance(json.loads(body), list) else 400)
                self.end_headers()
            def log_message(self, *_): pass
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
        server.socket = context.wrap_socket(server.socket, server_side=True)
        print(server.server_port, flush=True)
        server.serve_forever()
        """

    init(_ files: (certificate: String, key: String)) throws {
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = ["-c", TLSReceiver.program, files.certificate, files.key]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        port = try #require(Int(line.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    deinit { kill(process.processIdentifier, SIGKILL) }
}

/// Takes requests one after the other, and answers each with a status.
final class HTTPReceiver: Sendable {
    let port: Int
    private let descriptor: Int32
    private let seen = Mutex<[String]>([])

    var requests: [String] { seen.withLock { $0 } }

    init?(_ status: @escaping @Sendable (String) -> Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.descriptor = descriptor
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) == 0 && listen(descriptor, 8) == 0 && getsockname(descriptor, $0, &length) == 0 }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        guard isBound else { return nil }
        Thread.detachNewThread { [weak self] in
            while true {
                let connection = accept(descriptor, nil, nil)
                // Closed here alone: else the number is another receiver's by the time of the next accept.
                guard connection >= 0 else {
                    close(descriptor)
                    return
                }
                var bytes: [UInt8] = []
                var chunk = [UInt8](repeating: 0, count: 65_536)
                while !HTTPReceiver.isWhole(bytes), case let count = recv(connection, &chunk, chunk.count, 0), count > 0 { bytes += chunk.prefix(count) }
                let request = String(decoding: bytes, as: UTF8.self)
                self?.seen.withLock { $0.append(request) }
                let response = Array("HTTP/1.1 \(status(request)) Status\r\nContent-Length: 0\r\n\r\n".utf8)
                _ = send(connection, response, response.count, Int32(MSG_NOSIGNAL))
                close(connection)
            }
        }
    }

    deinit {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    private static func isWhole(_ bytes: [UInt8]) -> Bool {
        let parts = String(decoding: bytes, as: UTF8.self).components(separatedBy: "\r\n\r\n")
        guard parts.count > 1, let length = parts[0].components(separatedBy: "Content-Length: ").dropFirst().first.flatMap({ Int($0.prefix { $0.isNumber }) }) else { return false }
        return parts.dropFirst().joined(separator: "\r\n\r\n").utf8.count >= length
    }
}
