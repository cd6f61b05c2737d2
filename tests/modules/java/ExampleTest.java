// SPDX-License-Identifier: Apache-2.0

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** The example of docs/container.md, which `run` has put beside this: it prints what it says. */
class ExampleTest {
    @Test
    void doesWhatItSays() {
        PrintStream before = System.out;
        var said = new ByteArrayOutputStream();
        System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            Cmk.main(new String[0]);
        } finally {
            System.setOut(before);
        }
        String text = said.toString(StandardCharsets.UTF_8);
        assertTrue(text.contains("vault purge") && text.contains("test-java"), text);
    }
}
