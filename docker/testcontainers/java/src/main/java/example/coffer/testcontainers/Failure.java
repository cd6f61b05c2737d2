// SPDX-License-Identifier: Apache-2.0
package example.coffer.testcontainers;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * A failure that was begun: a fault rule, one of the HSM, or a scenario. {@link #close} takes it back,
 * and so does {@link Coffer#revert}.
 */
public final class Failure implements AutoCloseable {
    static final String FAULTS = "/control/v1/faults";
    static final String HSM_FAULTS = "/control/v1/hsm/faults";
    static final String SCENARIOS = "/control/v1/scenarios";

    // Which members of a fault rule lie where; all others say what happens.
    private static final Set<String> RULE = Set.of("id", "comment", "enabled", "stage", "ttl");
    private static final Set<String> MATCH = Set.of(
            "vault", "key", "version", "operation", "principal", "api_version", "header", "client", "session");
    private static final Set<String> WHEN =
            Set.of("skip", "times", "every", "probability", "seed", "from", "until", "for", "quota");

    private static final Set<Integer> OVER = Set.of(404, 409); // by itself, or by a reset

    private final Control control;
    private final String path;
    private final boolean isScenario;
    private boolean isOver;

    private Failure(Control control, String path, boolean isScenario) {
        this.control = control;
        this.path = path;
        this.isScenario = isScenario;
    }

    /** A rule out of members side by side. */
    private static Map<String, Object> ruleOf(Map<String, ?> members) {
        Map<String, Object> match = new HashMap<>();
        Map<String, Object> when = new HashMap<>();
        Map<String, Object> effect = new HashMap<>();
        Map<String, Object> rule = new HashMap<>(Map.of("match", match, "when", when, "effect", effect));
        members.forEach((name, value) -> {
            var part = RULE.contains(name)
                    ? rule
                    : MATCH.contains(name) ? match : WHEN.contains(name) ? when : effect;
            part.put(name, value);
        });
        return rule;
    }

    private static Failure added(Control control, String path, Map<String, ?> order) {
        String id = (String) control.ask("POST", path, order).get("id");
        return new Failure(control, path + "/" + Control.encode(id), false);
    }

    static Failure ofRule(Control control, Map<String, ?> members) {
        return added(control, FAULTS, ruleOf(members));
    }

    static Failure ofHsm(Control control, String kind, Map<String, ?> members) {
        Map<String, Object> order = new HashMap<>(members);
        order.put("kind", kind);
        return added(control, HSM_FAULTS, order);
    }

    static Failure ofScenario(Control control, String name, Map<String, ?> parameters) {
        String path = SCENARIOS + "/" + Control.encode(name);
        control.ask("POST", path + "/apply", parameters);
        return new Failure(control, path, true);
    }

    /** What coffer says of it: of a fault {@code id}, {@code seen} and {@code hits}, of a scenario its state. */
    public Map<String, Object> status() {
        return control.ask("GET", path, null);
    }

    /** How many requests, or calls of the HSM, a fault has acted on. */
    public int hits() {
        return ((Number) status().get("hits")).intValue();
    }

    /** Takes it back; once is enough, and what is over already is fine. */
    @Override
    public void close() {
        if (isOver) {
            return;
        }
        try {
            control.ask(isScenario ? "POST" : "DELETE", isScenario ? path + "/revert" : path, isScenario ? Map.of() : null);
        } catch (CofferException refused) {
            if (!OVER.contains(refused.status())) {
                throw refused;
            }
        }
        isOver = true;
    }
}
