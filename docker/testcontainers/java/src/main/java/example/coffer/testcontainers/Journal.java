// SPDX-License-Identifier: Apache-2.0
package example.coffer.testcontainers;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What clients did, as far as a filter fits: members of docs/journal.md, each with a pattern, or several
 * with commas between them: {@code Map.of("operation", "unwrapKey", "status", "403,5xx")}.
 */
public final class Journal {
    private static final String REQUESTS = "/control/v1/requests";

    private final Control control;
    private final Map<String, ?> always;

    Journal(Control control, Map<String, ?> always) {
        this.control = control;
        this.always = always;
    }

    private Map<String, Object> filter(Map<String, ?> more) {
        Map<String, Object> all = new HashMap<>(always);
        all.putAll(more);
        return all;
    }

    private static String query(Map<String, Object> filter) {
        return filter.entrySet().stream()
                .map(one -> one.getKey() + "=" + Control.encode(one.getValue().toString()))
                .collect(Collectors.joining("&", "?", ""));
    }

    @SuppressWarnings("unchecked") // of coffer's answers it is known
    private static List<Map<String, Object>> list(Map<String, Object> answer, String name) {
        return (List<Map<String, Object>>) answer.get(name);
    }

    /** The number of the latest entry; with it as {@code since} there are those to come. */
    public long last() {
        return ((Number) control.ask("GET", REQUESTS + "?limit=1", null).get("last")).longValue();
    }

    /** The entries that fit, oldest first. */
    public List<Map<String, Object>> requests(Map<String, ?> filter) {
        var all = filter(filter);
        all.put("limit", 10_000);
        return list(control.ask("GET", REQUESTS + query(all), null), "requests");
    }

    /** Fails with the difference unless so many requests fit. Challenges do not count. */
    public void expect(int count, Map<String, ?> filter) {
        var told = control.ask("POST", REQUESTS + "/expect", Map.of("count", count, "filter", filter(filter)));
        if (!Boolean.TRUE.equals(told.get("ok"))) {
            throw new AssertionError(told.get("diff"));
        }
    }

    /** The requests, as soon as there are so many; fails when that takes longer. */
    public List<Map<String, Object>> await(int count, Duration timeout, Map<String, ?> filter) {
        var order = Map.of("count", count, "timeout", timeout.toMillis() / 1000.0, "filter", filter(filter));
        var told = control.ask("POST", REQUESTS + "/wait", order, timeout);
        if (!Boolean.TRUE.equals(told.get("met"))) {
            throw new AssertionError("after %s there are %s of %d requests".formatted(timeout, told.get("count"), count));
        }
        return list(told, "requests");
    }

    /** How clients went about failures: {@code end}, {@code waits_ms}, {@code obeyed_retry_after}, ... */
    public List<Map<String, Object>> retries(Map<String, ?> filter) {
        return list(control.ask("GET", REQUESTS + "/retries" + query(filter(filter)), null), "setbacks");
    }

    /** Removes what fits. */
    public void clear(Map<String, ?> filter) {
        control.ask("DELETE", REQUESTS + query(filter(filter)), null);
    }
}
