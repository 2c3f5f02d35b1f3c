import EventLoop
import Foundation

/// Takes the calls that a gateway brings from phones to browsers, until its standard input ends.
///
/// It says in a line when it is ready, and where calls are to be sent where it is the one who knows; in the last line, how many calls it could not take.
@LoopActor
protocol Callee: AnyObject {
    /// What follows "ready".
    var whereabouts: String { get }
    var failures: Int { get }
    func stop() async
}

@LoopActor
enum CalleeProgram {
    static func run(_ words: [String]) async throws {
        let arguments = try Arguments(words, names: ["side", "address", "url", "password", "port", "helpers"])
        let address = try arguments.text("address")
        let browser = try await EchoingBrowser(address: address)
        do {
            let callee: any Callee =
                switch try arguments.text("side") {
                case "tern": try await TernCallee(url: arguments.text("url"), password: arguments.text("password"), browser: browser)
                case "janus-sip": try await JanusSIPCallee(address: address, helpers: arguments.number("helpers"), browser: browser)
                case "sip": try SIPCallee(address: address, port: arguments.number("port"), browser: browser)
                case let side: throw BenchmarkFailure(description: "side=\(side) is none of tern, janus-sip, sip")
                }
            print("ready \(callee.whereabouts)")
            fflush(nil)
            for await _ in try Lines.read() {}
            print("failures \(callee.failures)")
            fflush(nil)
            await callee.stop()
        } catch {
            await browser.stop()
            throw error
        }
        await browser.stop()
    }
}
