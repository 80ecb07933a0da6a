import BattenCore
import Testing

@Suite struct PriceTests {
    private static let map = """
        {"sample_spec": {"input_cost_per_token": "a number"},
         "gpt": {"litellm_provider": "openai", "input_cost_per_token": 2e-6, "output_cost_per_token": 8e-6,
            "cache_read_input_token_cost": 5e-7, "max_output_tokens": 4096},
         "long": {"litellm_provider": "openai", "input_cost_per_token": 1e-6, "output_cost_per_token": 4e-6,
            "input_cost_per_token_above_200k_tokens": 2e-6, "output_cost_per_token_above_200k_tokens": 6e-6,
            "input_cost_per_token_batches": 9, "input_cost_per_token_above_1hr": 9},
         "think": {"litellm_provider": "deep", "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6,
            "output_cost_per_reasoning_token": 3e-6, "cache_creation_input_token_cost": 1.25e-6,
            "input_cost_per_request": 0.01},
         "local/gpt": {"input_cost_per_token": 0, "output_cost_per_token": 0},
         "pictures": {"litellm_provider": "openai", "output_cost_per_image": 0.04}}
        """

    private static func prices(_ text: String = map) throws -> PriceMap { try PriceMap(JSONReader.parse(text)) }

    @Test(arguments: [
        ("openai/gpt", true), ("local/gpt", true), ("gpt", true), ("work/gpt", false), ("openai/gpt-5", false),
        ("deep/think", true), ("openai/think", false), ("openai/pictures", false), ("sample_spec", false),
        ("openai/sample_spec", false), ("", false), ("/", false), ("openai/", false),
    ])
    func aModelIsFoundByItsProvider(_ subject: String, _ isKnown: Bool) throws {
        #expect((try Self.prices().price(of: subject) != nil) == isKnown)
    }

    /// Reports of one call, and what they cost together.
    private static let calls: [(subject: String, reports: [(String, Int64)], cost: Double?)] = [
        ("openai/gpt", [("requests", 1), ("input_tokens", 1_000), ("output_tokens", 100)], 0.0028),
        ("openai/gpt", [("input_tokens", 1_000), ("cached_input_tokens", 400), ("output_tokens", 0)], 0.0014),
        ("openai/long", [("input_tokens", 200_000), ("output_tokens", 1_000)], 0.204),
        ("openai/long", [("input_tokens", 200_001), ("output_tokens", 1_000)], 0.406_002),
        // Each request of a call has its own length.
        (
            "openai/long",
            [("input_tokens", 300_000), ("output_tokens", 10), ("input_tokens", 10), ("output_tokens", 1_000)],
            0.60407
        ),
        (
            "deep/think",
            [
                ("requests", 2), ("input_tokens", 100), ("cache_write_input_tokens", 40), ("output_tokens", 50),
                ("reasoning_tokens", 20),
            ], 0.02 + 100e-6 + 40 * 0.25e-6 + 100e-6 + 20e-6
        ),
        ("local/gpt", [("input_tokens", 1_000_000)], 0), ("openai/gpt", [("bytes", 10)], nil),
        ("openai/unknown", [("input_tokens", 10)], nil),
    ]

    @Test(arguments: calls.indices)
    func aCallCostsWhatItsReportsAddUpTo(_ place: Int) throws {
        let (subject, reports, expected) = Self.calls[place]
        let prices = try Self.prices()
        var pricing = CallPricing()
        var totals = UsageTotals()
        for (metric, amount) in reports {
            let cost = pricing.cost(
                metric: metric, subject: subject, amount: amount, price: prices.price(of: subject))
            totals.add(metric: metric, amount: amount, cost: cost)
        }
        if let expected {
            #expect(abs((totals.cost ?? -1) - expected) < 1e-9, "\(totals)")
            #expect(totals.unpricedTokens == 0)
        } else {
            #expect(totals.cost == nil)
            #expect(totals.unpricedTokens == totals.tokens)
        }
    }

    @Test(arguments: [
        ("[]", "not an object"), (#"{"m": 3}"#, "'m'"),
        (#"{"m": {"input_cost_per_token": -1}}"#, "input_cost_per_token -1"),
        (#"{"m": {"output_cost_per_token": "0.1"}}"#, "output_cost_per_token"),
        (#"{"m": {"input_cost_per_token_above_128k_tokens": null}}"#, "above_128k"),
    ])
    func aPriceThatIsNoneIsNamed(_ text: String, _ says: String) throws {
        let error = try #require(throws: PriceError.self) { try Self.prices(text) }
        #expect(error.message.contains(says), "\(error.message)")
    }

    @Test func totalsNeverTrap() {
        var totals = UsageTotals()
        for _ in 0..<3 { totals.add(metric: "input_tokens", amount: .max, cost: nil) }
        #expect(totals.tokens == .max && totals.unpricedTokens == .max && totals.cost == nil)
    }
}
