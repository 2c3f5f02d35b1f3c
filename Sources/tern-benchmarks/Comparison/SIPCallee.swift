import EventLoop
import Foundation

/// The least SIP user agent over UDP that takes every call with a browser's answer: the far end of a proxy that has WebRTC for its media.
@LoopActor
final class SIPCallee: Callee {
    let whereabouts = ""
    private(set) var failures = 0
    private let browser: EchoingBrowser
    private let socket: Int32
    private let contact: String
    /// By Call-ID. One that is there without a handle is being taken.
    private var calls: [String: PluginHandle?] = [:]

    init(address: String, port: Int, browser: EchoingBrowser) throws {
        self.browser = browser
        contact = "<sip:browser@\(address):\(port)>"
        socket = try Phones.bind(address, UInt16(clamping: port), buffer: 1 << 20)
        let descriptor = socket
        Thread { [weak self] in
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                var source = sockaddr_in()
                var size = socklen_t(MemoryLayout<sockaddr_in>.size)
                let count = withUnsafeMutablePointer(to: &source) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { recvfrom(descriptor, &buffer, buffer.count, 0, $0, &size) }
                }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return }
                let (text, from) = (String(decoding: buffer[..<count], as: UTF8.self), source)
                Task { @LoopActor [weak self] in self?.receive(text, from) }
            }
        }.start()
    }

    func stop() async {
        shutdown(socket, Int32(SHUT_RDWR))
        close(socket)
    }

    private func receive(_ text: String, _ source: sockaddr_in) {
        let parts = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let call = SIPCallee.fields("Call-ID", in: parts[0]).first, let method = text.split(separator: " ").first else { return }
        switch method {
        case "INVITE":
            // One that comes again while it is being taken.
            guard calls[call] == nil else { return }
            calls[call] = .some(nil)
            LoopActor.task { await self.take(call, parts[0], parts[1], source) }
        case "ACK": break
        case "BYE":
            send(response(to: parts[0], "200 OK"), source)
            if let handle = calls.removeValue(forKey: call) ?? nil { LoopActor.task { await handle.detach() } }
        default: send(response(to: parts[0], "405 Method Not Allowed"), source)
        }
    }

    private func take(_ call: String, _ head: String, _ offer: String, _ source: sockaddr_in) async {
        do {
            let (sdp, handle) = try await browser.answer(offer)
            calls[call] = handle
            send(response(to: head, "200 OK", "Contact: \(contact)\r\nContent-Type: application/sdp\r\n", sdp), source)
        } catch {
            failures += 1
            send(response(to: head, "488 Not Acceptable Here"), source)
        }
    }

    private func response(to head: String, _ status: String, _ more: String = "", _ body: String = "") -> String {
        var text = "SIP/2.0 \(status)\r\n"
        for name in ["Via", "Record-Route", "From", "To", "Call-ID", "CSeq"] {
            for field in SIPCallee.fields(name, in: head) {
                text += "\(name): \(field)" + (name == "To" && !field.contains(";tag=") ? ";tag=browser" : "") + "\r\n"
            }
        }
        return text + more + "Content-Length: \(body.utf8.count)\r\n\r\n" + body
    }

    private nonisolated static func fields(_ name: String, in head: String) -> [String] {
        head.split(separator: "\r\n").filter { $0.hasPrefix("\(name): ") }.map { String($0.dropFirst(name.count + 2)) }
    }

    private func send(_ text: String, _ destination: sockaddr_in) {
        var destination = destination
        _ = withUnsafePointer(to: &destination) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(socket, text, text.utf8.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
