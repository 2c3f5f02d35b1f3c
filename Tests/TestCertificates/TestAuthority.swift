public import Foundation

/// An authority made by `openssl` for one test, and the certificates that it issues, in a directory of its own.
///
/// Blocks while `openssl` runs, some 50 ms a certificate.
public final class TestAuthority: Sendable {
    public let directory: URL
    /// The authority's own certificate, in PEM.
    public var certificate: String { path("ca.pem") }

    public init(name: String = "Test CA") throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("tern-ca-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try run([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
            "-subj", "/CN=\(name)", "-keyout", path("ca.key"), "-out", path("ca.pem"),
        ])
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    public func path(_ file: String) -> String { directory.appendingPathComponent(file).path }

    /// Issues a certificate for the names, as in `DNS:localhost,IP:127.0.0.1`. Negative days make one that has expired.
    ///
    /// - Returns: Paths of the certificate and of its key.
    @discardableResult
    public func issue(_ file: String, names: String, days: Int = 10) throws -> (certificate: String, key: String) {
        let (request, certificate, key) = (path("\(file).csr"), path("\(file).pem"), path("\(file).key"))
        try run([
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=\(file)",
            "-keyout", key, "-out", request,
        ])
        let extensions = path("\(file).ext")
        try "subjectAltName=\(names)\n".write(toFile: extensions, atomically: true, encoding: .utf8)
        // Debian's openssl 3.0 has no dates for "x509 -req": "ca" has them, and wants an index.
        try Data().write(to: directory.appendingPathComponent("index.txt"))
        let settings = path("\(file).cnf")
        try """
            [ca]
            default_ca = test
            [test]
            database = \(path("index.txt"))
            new_certs_dir = \(directory.path)
            rand_serial = yes
            default_md = sha256
            policy = any
            unique_subject = no
            [any]
            commonName = supplied
            """.write(toFile: settings, atomically: true, encoding: .utf8)
        let end = Date().addingTimeInterval(TimeInterval(days) * 86_400)
        let start = min(Date().addingTimeInterval(-86_400), end.addingTimeInterval(-86_400))
        try run([
            "ca", "-batch", "-notext", "-config", settings, "-extfile", extensions, "-cert", path("ca.pem"),
            "-keyfile", path("ca.key"), "-in", request, "-out", certificate, "-startdate", Self.text(start),
            "-enddate", Self.text(end),
        ])
        return (certificate, key)
    }

    /// Issues a certificate by way of an intermediate authority; the file has both.
    public func issueChain(_ file: String, names: String) throws -> (certificate: String, key: String) {
        let (middle, leaf, extensions) = (path("\(file)-middle"), path("\(file)-leaf"), path("\(file).ext"))
        for (name, subject, signer, text) in [
            (middle, "Intermediate CA", path("ca"), "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n"),
            (leaf, file, middle, "basicConstraints=CA:FALSE\nsubjectAltName=\(names)\n"),
        ] {
            try text.write(toFile: extensions, atomically: true, encoding: .utf8)
            try run([
                "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=\(subject)",
                "-keyout", name + ".key", "-out", name + ".csr",
            ])
            try run([
                "x509", "-req", "-in", name + ".csr", "-CA", signer + ".pem", "-CAkey", signer + ".key", "-CAcreateserial",
                "-days", "10", "-extfile", extensions, "-out", name + ".pem",
            ])
        }
        let chain = try [leaf, middle].map { try String(contentsOfFile: $0 + ".pem", encoding: .utf8) }.joined()
        try chain.write(toFile: path("\(file).pem"), atomically: true, encoding: .utf8)
        return (path("\(file).pem"), leaf + ".key")
    }

    private static func text(_ date: Date) -> String {
        let parts = Calendar(identifier: .gregorian).dateComponents(
            in: TimeZone(secondsFromGMT: 0) ?? .current, from: date)
        return String(
            format: "%04d%02d%02d%02d%02d%02dZ", parts.year ?? 0, parts.month ?? 0, parts.day ?? 0, parts.hour ?? 0,
            parts.minute ?? 0, parts.second ?? 0)
    }

    /// Runs `openssl` with the arguments.
    public func run(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        let output = Pipe()
        process.standardError = output
        process.standardOutput = output
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(text: String(decoding: text, as: UTF8.self)) }
    }

    public struct Failure: Error {
        public let text: String
    }
}
