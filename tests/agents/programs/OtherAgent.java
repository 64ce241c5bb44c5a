import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.security.ProtectionDomain;

/** Another tool's agent: sees every class that the application loads. */
public final class OtherAgent {
  public static void premain(String arguments, Instrumentation jvm) {
    jvm.addTransformer(new ClassFileTransformer() {
      @Override
      public byte[] transform(ClassLoader loader, String name, Class<?> before, ProtectionDomain domain, byte[] bytes) {
        if ("Burn".equals(name)) System.out.println("the other agent saw " + name);
        return null;
      }
    });
  }
}
