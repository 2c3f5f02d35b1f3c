@testable import Media
import Testing

@Suite("The choice of a media server")
struct MediaServerChoiceTests {
    private func chosen(_ servers: [MediaServerLoad], times: Int = 1) -> [Int?] {
        var choice = MediaServerChoice()
        return (0..<times).map { _ in choice.next(among: servers) }
    }

    @Test("servers with the same load take turns")
    func ties() {
        #expect(chosen(Array(repeating: MediaServerLoad(legs: 3, cores: 0.1), count: 3), times: 7) == [0, 1, 2, 0, 1, 2, 0])
        // One that is busier is left out, and comes again when it is not.
        var choice = MediaServerChoice()
        var servers = [MediaServerLoad(), MediaServerLoad(legs: 1), MediaServerLoad()]
        #expect([choice.next(among: servers), choice.next(among: servers), choice.next(among: servers)] == [0, 2, 0])
        servers[1].legs = 0
        #expect([choice.next(among: servers), choice.next(among: servers)] == [1, 2])
    }

    @Test("the one with the least load is chosen, by legs and by the cores that its process keeps busy")
    func least() {
        #expect(chosen([MediaServerLoad(legs: 5), MediaServerLoad(legs: 4), MediaServerLoad(legs: 6)]) == [1])
        // Legs that do nothing, as on hold, weigh less than those that are busy.
        #expect(chosen([MediaServerLoad(legs: 40, cores: 0.02), MediaServerLoad(legs: 30, cores: 0.4)]) == [0])
        // Legs that were attached since the processor time was looked at count as well.
        #expect(chosen([MediaServerLoad(legs: 50, cores: 0), MediaServerLoad(legs: 0, cores: 0.1)]) == [1])
        // What is not known is taken from the legs.
        #expect(chosen([MediaServerLoad(legs: 20), MediaServerLoad(legs: 20, cores: 0.3)]) == [0])
    }

    @Test("a thousand sessions that come at once are shared out evenly, before any processor time tells of them")
    func burst() {
        var choice = MediaServerChoice(), servers = Array(repeating: MediaServerLoad(cores: 0), count: 3)
        servers[1].cores = 0.05
        for _ in 0..<1_000 {
            guard let index = choice.next(among: servers) else { continue }
            servers[index].legs += 1
        }
        let legs = servers.map(\.legs)
        #expect(legs.reduce(0, +) == 1_000 && (legs.max() ?? 0) - (legs.min() ?? 0) <= 11, "\(legs)")
    }

    @Test("one that answers late weighs more, one that answers too late gets nothing while there is another, and chance differences count for nothing")
    func slow() {
        let late = MediaServerLoad(legs: 10, answerTime: .milliseconds(120)), prompt = MediaServerLoad(legs: 20)
        #expect(chosen([late, prompt]) == [1])
        #expect(chosen([MediaServerLoad(legs: 10, answerTime: .milliseconds(15)), MediaServerLoad(legs: 10)], times: 2) == [0, 1])
        let stopped = MediaServerLoad(answerTime: .milliseconds(501)), busy = MediaServerLoad(legs: 1_000, cores: 4, answerTime: .milliseconds(400))
        #expect(stopped.isSlow && !busy.isSlow && chosen([stopped, busy], times: 3) == [1, 1, 1])
        // The least slow one where all are.
        #expect(chosen([MediaServerLoad(answerTime: .seconds(3)), MediaServerLoad(legs: 7, answerTime: .seconds(1)), MediaServerLoad(answerTime: .seconds(2))]) == [1])
    }

    @Test("one that is drained, down, or has failed the session gets nothing; where no other is there is none")
    func closed() {
        let drained = MediaServerLoad(isDraining: true), down = MediaServerLoad(isReady: false), busy = MediaServerLoad(legs: 500)
        #expect(chosen([drained, down, busy], times: 2) == [2, 2])
        #expect(chosen([drained, down]) == [nil] && chosen([]) == [nil])
        var choice = MediaServerChoice()
        #expect(choice.next(among: [busy, MediaServerLoad()], except: [1]) == 0 && choice.next(among: [busy], except: [0]) == nil)
        // A slow one is better than a drained one.
        #expect(chosen([drained, MediaServerLoad(answerTime: .seconds(9))]) == [1])
        // One that is down is not called slow.
        #expect(!MediaServerLoad(isReady: false, answerTime: .seconds(9)).isSlow)
    }
}

@Suite("The answer time of a media server")
struct AnswerTimeTests {
    private let start = ContinuousClock.now

    @Test("a question that waits counts with the time that it has waited; a late answer at once, prompt ones by halves")
    func times() {
        var time = AnswerTime()
        #expect(time.value(at: start) == .zero && !time.isWaiting)
        time.ask(at: start)
        #expect(time.isWaiting && time.value(at: start + .seconds(3)) == .seconds(3))
        time.settle(at: start + .seconds(4))
        #expect(!time.isWaiting && time.value(at: start + .seconds(4)) == .seconds(4))
        var values: [Duration] = []
        for second in 5..<9 {
            time.ask(at: start + .seconds(second))
            time.settle(at: start + .seconds(second))
            values.append(time.value(at: start + .seconds(second)))
        }
        #expect(values == [.seconds(2), .seconds(1), .milliseconds(500), .milliseconds(250)])
    }

    @Test("another connection begins anew, and an answer to a question of before counts for nothing")
    func another() {
        var time = AnswerTime()
        time.ask(at: start)
        time.reset()
        time.settle(at: start + .seconds(5))
        #expect(time.value(at: start + .seconds(6)) == .zero)
    }
}
