// SPDX-License-Identifier: Apache-2.0
package example.coffer.testcontainers;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.ProxySelector;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;

/** Speaks HTTP with the control port. */
final class Control {
    // The virtual clock takes half a minute at most for what falls due on the way.
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    // No proxy has a part in this: the control port is on this machine, or next to it.
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(TIMEOUT)
            .proxy(ProxySelector.of(null))
            .build();
    private final String url;
    private final String token; // null: none is wanted

    Control(String url, String token) {
        this.url = url.replaceAll("/+$", "");
        this.token = token;
    }

    String url() {
        return url;
    }

    /** A path for a vault of this name, whatever is in it. */
    static String vaultPath(String name, String action) {
        return "/control/v1/vaults/" + encode(name) + action;
    }

    static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private static CofferException refusal(int status, byte[] body) {
        String text = new String(body, StandardCharsets.UTF_8);
        try {
            Map<?, ?> error = (Map<?, ?>) JSON.std.mapFrom(text).get("error");
            return new CofferException(status, error.get("code").toString(), error.get("message").toString());
        } catch (IOException | RuntimeException notCoffers) {
            return new CofferException(status, "Unknown", text.substring(0, Math.min(text.length(), 200)));
        }
    }

    private byte[] send(HttpRequest request) {
        try {
            var response = client.send(request, BodyHandlers.ofByteArray());
            if (response.statusCode() >= 300) {
                throw refusal(response.statusCode(), response.body());
            }
            return response.body();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new UncheckedIOException(new InterruptedIOException("interrupted while coffer was asked"));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private HttpRequest.Builder request(String path) {
        var request = HttpRequest.newBuilder(URI.create(url + path)).timeout(TIMEOUT);
        boolean isOrder = token != null && path.startsWith("/control/");
        return isOrder ? request.header("Authorization", "Bearer " + token) : request;
    }

    byte[] fetch(String path, String... headers) {
        var request = request(path);
        return send((headers.length == 0 ? request : request.headers(headers)).build());
    }

    static Map<String, Object> parse(byte[] answer) {
        try {
            return answer.length == 0 ? Map.of() : JSON.std.mapFrom(answer);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static HttpRequest.BodyPublisher body(Map<String, ?> order) {
        try {
            return order == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(JSON.std.asString(order));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** What is answered to an order; null: none. */
    Map<String, Object> ask(String method, String path, Map<String, ?> order) {
        return ask(method, path, order, Duration.ZERO);
    }

    /** The same, which may take so much longer than usual. */
    Map<String, Object> ask(String method, String path, Map<String, ?> order, Duration longer) {
        return parse(send(request(path)
                .timeout(TIMEOUT.plus(longer))
                .header("Content-Type", "application/json")
                .method(method, body(order))
                .build()));
    }
}
