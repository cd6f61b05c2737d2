// SPDX-License-Identifier: Apache-2.0
package example.coffer.testcontainers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Failures on demand, and the journal: COFFER_CONTROL_URL says where. */
class FailuresTest {
    private final Coffer coffer = new Coffer(System.getenv("COFFER_CONTROL_URL"));

    @AfterEach
    void putBack() {
        coffer.revert();
        assertEquals(List.of(), coffer.ask("GET", "/control/v1/faults", null).get("rules"));
        assertEquals(List.of(), coffer.ask("GET", "/control/v1/hsm/faults", null).get("faults"));
        coffer.reset();
    }

    private int statusOfKeys() throws Exception {
        var request = HttpRequest.newBuilder(URI.create(coffer.vaultUrl("dev") + "/keys?api-version=7.6"))
                .header("Authorization", "Bearer " + coffer.token("https://vault.azure.net"))
                .build();
        var client = HttpClient.newBuilder().sslContext(coffer.sslContext()).build();
        return client.send(request, BodyHandlers.discarding()).statusCode();
    }

    @Test
    void whatThereIsNotIsRefused() {
        assertThrows(CofferException.class, () -> coffer.fault(Map.of("colour", "red")));
        assertThrows(CofferException.class, () -> coffer.hsmFault("bored", Map.of()));
        assertThrows(CofferException.class, () -> coffer.scenario("boredom", Map.of()));
    }

    @Test
    void aFaultEndsWhenItIsClosedAndOnceIsEnough() throws Exception {
        try (var fault = coffer.fault(Map.of("vault", "dev", "status", 503))) {
            assertEquals(503, statusOfKeys());
            assertEquals(1, fault.hits());
            fault.close();
            assertEquals(200, statusOfKeys());
        }
    }

    @Test
    void allFailuresAreTakenBackAtOnce() throws Exception {
        coffer.fault(Map.of("vault", "dev", "status", 503));
        coffer.hsmFault("slow", Map.of("delay", 1));
        coffer.fault(Map.of("vault", "dev", "for", "PT1H", "hang", true));
        coffer.reset(); // has removed them already
        coffer.revert();
        assertEquals(200, statusOfKeys());
    }

    @Test
    void theJournalTellsWhatClientsDid() throws Exception {
        var journal = coffer.journal(Map.of("vault", "dev", "operation", "getKeys"));
        journal.clear(Map.of());
        assertThrows(AssertionError.class, () -> journal.await(1, Duration.ofMillis(10), Map.of()));
        var since = Map.of("since", journal.last());
        coffer.fault(Map.of("vault", "dev", "times", 1, "status", 429, "retry_after", 0));
        assertEquals(429, statusOfKeys());
        assertEquals(200, statusOfKeys());
        journal.expect(1, Map.of("status", "429"));
        var missed = assertThrows(AssertionError.class, () -> journal.expect(5, Map.of()));
        assertTrue(missed.getMessage().contains("getKeys"));
        assertEquals(2, journal.await(2, Duration.ofSeconds(1), since).size());
        assertEquals(429, journal.requests(Map.of("status", "4xx")).get(0).get("status"));
        var setback = journal.retries(Map.of()).get(0);
        assertEquals("recovered", setback.get("end"));
    }
}
