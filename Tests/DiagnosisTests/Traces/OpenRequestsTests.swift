@testable import Diagnosis
import Testing

@Suite struct OpenRequestsTests {
    private static let request = OpenRequests.Request(command: "start_call", entry: nil, subjects: [])

    private func key(_ number: Int) -> OpenRequests.Key { OpenRequests.Key(peer: "client", isOurs: false, id: "\(number)") }

    @Test("what is closed leaves nothing behind, beside one that stays open")
    func closed() {
        var requests = OpenRequests(most: 4_000, memory: .max)
        requests.open(key(0), Self.request)
        for number in 1...10_000 {
            requests.open(key(number), Self.request)
            requests.close(key(number))
            #expect(requests.keys <= 40)
        }
        #expect(requests.count == 1)
        #expect(requests.look(key(0)) != nil)
    }

    @Test("where there are too many the oldest go; one that is opened again is no longer old")
    func most() {
        var requests = OpenRequests(most: 100, memory: .max)
        for number in 0..<100 { requests.open(key(number), Self.request) }
        requests.open(key(0), Self.request)
        for number in 100..<199 { requests.open(key(number), Self.request) }
        #expect(requests.count == 100)
        #expect(requests.look(key(0)) != nil)
        for number in 1..<100 { #expect(requests.look(key(number)) == nil) }
        for number in 200..<10_000 { requests.open(key(number), Self.request) }
        #expect(requests.count == 100)
        #expect(requests.keys <= 232)
    }
}
