import EventLoop
import Foundation

/// Wireshark's judgement of packets.
enum TShark {
    /// One row of the fields for each packet that the filter takes.
    ///
    /// - Parameter script: A dissector in Lua, beside this file.
    static func rows(_ capture: URL, _ filter: String, _ fields: [String], script: String? = nil) async throws -> [[String]] {
        var arguments = ["-r", capture.path, "-Y", filter, "-T", "fields", "-E", "separator=/t"]
        if let script {
            arguments += ["-X", "lua_script:" + URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(script).path]
        }
        let folder = capture.deletingLastPathComponent()
        let run = try await LongOutput("/usr/bin/tshark", arguments + fields.flatMap { ["-e", $0] }, in: folder)
        guard run.exit == .exited(0) else { throw HarnessError("tshark: \(run)") }
        return run.text.split(separator: "\n").map { $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init) }
    }
}

/// What a program writes whose lines may be of any length.
struct LongOutput {
    let exit: ChildProcess.Exit?
    let text: String
    let errors: String

    /// - Parameter folder: For its output, and its HOME.
    init(_ executable: String, _ arguments: [String], in folder: URL) async throws {
        let file = folder.appendingPathComponent("output-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        let run = try await TestProcess(
            "/bin/sh", ["-c", "exec \"$@\" > '\(file.path)'", "sh", executable] + arguments,
            environment: ["HOME": folder.path, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"])
        exit = await run.exit(within: .seconds(60))
        errors = run.output
        text = String(decoding: (try? Data(contentsOf: file)) ?? Data(), as: UTF8.self)
    }
}

/// Stands in for a Homer: takes the packets that come, and writes them as a capture for tshark.
final class HomerStandIn: Sendable {
    let port: Int
    private let socket: Socket
    private let packets = Mailbox<[UInt8]>()

    init(on address: String, isTCP: Bool = false) throws {
        socket = try Socket(type: isTCP ? SOCK_STREAM : SOCK_DGRAM, address: address, port: 0)
        port = socket.port
        let socket = socket, packets = packets
        guard isTCP else {
            Thread.detachNewThread { while let bytes = socket.read(), !bytes.isEmpty { packets.post(bytes) } }
            return
        }
        guard listen(socket.descriptor, 8) == 0 else { throw HarnessError("listen: \(String(cString: strerror(errno)))") }
        Thread.detachNewThread { while let connection = socket.accepted() { HomerStandIn.read(connection) { packets.post($0) } } }
    }

    /// Packets follow one another, each with its length in it.
    private static func read(_ connection: Socket, _ body: ([UInt8]) -> Void) {
        var waiting: [UInt8] = []
        while let bytes = connection.read(), !bytes.isEmpty {
            waiting += bytes
            while waiting.count >= 6, case let length = Int(waiting[4]) << 8 | Int(waiting[5]), length >= 6, waiting.count >= length {
                body(Array(waiting.prefix(length)))
                waiting.removeFirst(length)
            }
        }
    }

    func stop() { socket.close() }

    /// All that came, in order.
    var all: [[UInt8]] { packets.all }

    /// As a pcap file: each packet from 192.0.2.1 to port 9060, the port of Homer.
    func write(to file: URL) throws {
        func little(_ number: UInt32) -> [UInt8] { withUnsafeBytes(of: number.littleEndian) { Array($0) } }
        func big(_ number: Int) -> [UInt8] { [UInt8(number >> 8 & 0xFF), UInt8(number & 0xFF)] }
        // LINKTYPE_RAW
        var bytes = little(0xA1B2_C3D4) + [2, 0, 4, 0] + little(0) + little(0) + little(262_144) + little(101)
        for packet in all {
            let udp = big(40_000) + big(9_060) + big(packet.count + 8) + [0, 0] + packet
            let ip: [UInt8] = [0x45, 0] + big(udp.count + 20) + [0, 0, 0x40, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]
            let size = little(UInt32(ip.count + udp.count))
            bytes += little(0) + little(0) + size + size + ip + udp
        }
        try Data(bytes).write(to: file)
    }
}
