import EventLoop
import Foundation
@testable import Janus
import JSON
import Testing

/// Against a Janus of flesh and blood. None of it needs media to flow.
extension Serially {
@Suite("With a real Janus", .serialized)
struct RealJanusTests {
    @Test("legs of a phone and of a browser are open, each with its handle, and nothing stays open")
    @LoopActor func legs() async throws {
        try await RealJanus.run { janus in
            let phone = try await EngineLeg.attach(to: janus.client)
            let browser = try await EngineLeg.attach(to: janus.client)
            #expect(janus.client.openHandles == 2)
            #expect(try await janus.handleCount() == 2)

            let port = try #require(try await phone.open([.audio], at: Machine.address, ports: 21_000...21_199).audio?.port)
            #expect((21_000...21_199).contains(port))
            try await browser.take(JSEP(type: .offer, sdp: Descriptions.chromeOffer(), trickle: true))
            let answer = try await browser.give(Descriptions.chromeAnswer(), .answer)
            #expect(answer.type == .answer && answer.sdp.contains("a=fingerprint:sha-256"))
            browser.handle.trickle(JanusCandidate(
                sdpMid: "0", sdpMLineIndex: 0, candidate: "candidate:1 1 udp 2122260223 192.0.2.7 50000 typ host"))
            browser.handle.trickleCompleted()
            // They disturb nothing.
            #expect(try await browser.id() != phone.id())

            await phone.handle.detach()
            await browser.handle.detach()
            await browser.handle.detach()
            #expect(janus.client.openHandles == 0)
            #expect(try await janus.handleCount() == 0)
        }
    }

    @Test("what is no usable description of a browser is refused, and the next leg works all the same", arguments: ["", "v=0", "rubbish\r\nrubbish"])
    @LoopActor func badDescriptions(sdp: String) async throws {
        try await RealJanus.run { janus in
            let leg = try await EngineLeg.attach(to: janus.client)
            let error = await #expect(throws: JanusError.self) { try await leg.take(JSEP(type: .offer, sdp: sdp)) }
            guard case .refused(_, let reason) = error else { Issue.record("\(String(describing: error))"); return }
            #expect(!reason.isEmpty)
            let next = try await EngineLeg.attach(to: janus.client)
            try await next.take(JSEP(type: .offer, sdp: Descriptions.chromeOffer(), trickle: true))
        }
    }

    @Test("a handle that is dropped, and one whose caller has gone, do not stay open in Janus")
    @LoopActor func leaks() async throws {
        try await RealJanus.run { janus in
            _ = try await janus.client.attach()
            // Whether the answer or the cancellation comes first is Janus' to decide.
            let gone = LoopActor.task { _ = try? await janus.client.attach() }
            await Task.yield()
            gone.cancel()
            await gone.value
            let last = try await janus.client.attach()
            await last.detach()
            let zero = Record<Int>()
            for _ in 0..<100 where zero.elements.last != 0 { zero.add(try await janus.handleCount()) }
            #expect(zero.elements.last == 0)
            #expect(janus.client.openHandles == 0)
        }
    }

    @Test("when it is killed each handle is lost once, and within seconds calls work again")
    @LoopActor func killed() async throws {
        try await RealJanus.run { janus in
            let events = Record<JanusHandleEvent>()
            var handles: [JanusHandle] = []
            for _ in 0..<4 {
                let handle = try await janus.client.attach()
                handle.onEvent = { events.add($0) }
                handles.append(handle)
            }
            guard case .running(let pid) = janus.process.state else { Issue.record("it runs"); return }
            janus.clientStates.clear()
            janus.processStates.clear()
            kill(pid, SIGKILL)
            try await janus.clientStates.first { if case .down = $0 { true } else { false } }
            try await events.first { _ in events.elements.count == handles.count }
            #expect(events.elements == handles.map { _ in .lost })
            #expect(janus.client.openHandles == 0)
            await #expect(throws: JanusError.lost) { try await handles[0].message(["request": "version"]) }
            await handles[0].detach()

            let start = ContinuousClock.now
            try await janus.clientStates.first { $0 == .ready }
            #expect(ContinuousClock.now - start < .seconds(5))
            // The client may be connected before the process has passed its health check.
            try await janus.processStates.first { if case .running = $0 { true } else { false } }
            guard case .running(let next) = janus.process.state else { Issue.record("it runs again"); return }
            #expect(next != pid && !Machine.exists(pid))
            #expect(janus.processStates.elements.contains { if case .backingOff = $0 { true } else { false } })
            let ports = try await EngineLeg.attach(to: janus.client).open([.audio], at: Machine.address)
            #expect(ports.audio != nil)
            #expect(events.elements.count == handles.count)
        }
    }

    @Test("a request that waits when Janus dies fails at once")
    @LoopActor func pendingWhenKilled() async throws {
        try await RealJanus.run { janus in
            guard case .running(let pid) = janus.process.state else { Issue.record("it runs"); return }
            // Until it stands still it could answer.
            kill(pid, SIGSTOP)
            var news = siginfo_t()
            try #require(waitid(P_PID, id_t(pid), &news, WSTOPPED | WNOWAIT) == 0)
            let attach = LoopActor.task { () -> JanusError? in
                do throws(JanusError) { _ = try await janus.client.attach(); return nil } catch { return error }
            }
            await Task.yield()
            kill(pid, SIGKILL)
            #expect(await attach.value == .lost)
        }
    }

    @Test("many handles attach and detach at the same time, and the counts agree")
    @LoopActor func crowd() async throws {
        try await RealJanus.run { janus async throws -> Void in
            let tasks = (0..<50).map { _ in LoopActor.task { try? await janus.client.attach() } }
            var handles: [JanusHandle] = []
            for task in tasks { if let handle = await task.value { handles.append(handle) } }
            #expect(handles.count == 50)
            #expect(Set(handles.map(\.id)).count == 50)
            #expect(try await janus.handleCount() == 50)
            let detaching = handles.map { handle in LoopActor.task { await handle.detach() } }
            for task in detaching { await task.value }
            #expect(janus.client.openHandles == 0)
            #expect(try await janus.handleCount() == 0)
        }
    }

    @Test("started and stopped again and again, it leaves no descriptor and no process behind")
    @LoopActor func startStop() async throws {
        try await RealJanus.run { _ in }
        let descriptors = Machine.openDescriptors
        for _ in 0..<4 {
            let pid = try await RealJanus.run { janus -> Int32 in
                _ = try await janus.client.attach()
                guard case .running(let pid) = janus.process.state else { return 0 }
                return pid
            }
            #expect(pid > 0 && !Machine.exists(pid))
        }
        #expect(Machine.openDescriptors <= descriptors)
    }
}
}
