import com.google.gson.Gson;
import com.google.gson.JsonObject;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.FileInputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.fhir.ucum.UcumEssenceService;
import org.hl7.fhir.r5.context.IWorkerContext.VersionResolutionRules;
import org.hl7.fhir.r5.context.SimpleWorkerContext;
import org.hl7.fhir.r5.elementmodel.Element;
import org.hl7.fhir.r5.elementmodel.Manager;
import org.hl7.fhir.r5.elementmodel.Manager.FhirFormat;
import org.hl7.fhir.r5.model.CanonicalResource;
import org.hl7.fhir.r5.model.CanonicalType;
import org.hl7.fhir.r5.model.Parameters;
import org.hl7.fhir.r5.utils.validation.IResourceValidator;
import org.hl7.fhir.r5.utils.validation.IValidatorResourceFetcher;
import org.hl7.fhir.r5.utils.validation.ValidatorSession;
import org.hl7.fhir.r5.utils.validation.constants.ReferenceValidationPolicy;
import org.hl7.fhir.r5.utils.xver.XVerExtensionManagerFactory;
import org.hl7.fhir.utilities.npm.NpmPackage;
import org.hl7.fhir.utilities.validation.ValidationMessage;
import org.hl7.fhir.validation.ValidatorSettings;
import org.hl7.fhir.validation.ValidatorUtils;
import org.hl7.fhir.validation.instance.InstanceValidator;
import org.hl7.fhir.validation.instance.advisor.BasePolicyAdvisorForFullValidation;

/**
 * HL7's validator without its command line: definitions from files, no terminology server, no network.
 *
 * <p>Arguments: a file with a resource per line, in which references are followed; R4's package; then guides (.tgz) and
 * single definitions (.json) that take the place of the ones with the same id. Each line in is a resource as JSON, each
 * line out the list of its issues.
 */
class Validate {
    private static final String R4 = "4.0.1";

    private final SimpleWorkerContext definitions;
    private final Targets targets;

    Validate(List<String> files) throws Exception {
        definitions =
            new SimpleWorkerContext.SimpleWorkerContextBuilder()
                .withAllowLoadingDuplicates(true)
                .fromPackage(archive(files.get(1)), ValidatorUtils.loaderForVersion(R4), false);
        definitions.setCanRunWithoutTerminology(true);
        definitions.setNoTerminologyServer(true);
        definitions.setCanNoTS(true);
        definitions.setExpansionParameters(new Parameters());
        definitions.setUcumService(
            new UcumEssenceService(UcumEssenceService.class.getResourceAsStream("/ucum-essence.xml")));
        for (String file : files.subList(2, files.size())) {
            if (file.endsWith(".tgz")) {
                definitions.loadFromPackage(archive(file), ValidatorUtils.loaderForVersion(R4));
            } else {
                replace(file);
            }
        }
        targets = new Targets(definitions, Files.readAllLines(Path.of(files.get(0))));
    }

    private static NpmPackage archive(String file) throws Exception {
        try (InputStream bytes = new FileInputStream(file)) {
            return NpmPackage.fromPackage(bytes, Path.of(file).getFileName().toString());
        }
    }

    private void replace(String file) throws Exception {
        try (InputStream bytes = new FileInputStream(file)) {
            CanonicalResource one =
                (CanonicalResource) ValidatorUtils.loaderForVersion(R4).loadResource(bytes, true);
            definitions.dropResource(one.fhirType(), one.getIdBase());
            definitions.cacheResource(one);
        }
    }

    List<Map<String, String>> issues(String resource) throws Exception {
        InstanceValidator validator =
            new InstanceValidator(
                definitions,
                null,
                XVerExtensionManagerFactory.createExtensionManager(definitions),
                new ValidatorSession(),
                new ValidatorSettings());
        validator.setPolicyAdvisor(
            new BasePolicyAdvisorForFullValidation(ReferenceValidationPolicy.CHECK_TYPE_IF_EXISTS, Set.of()));
        validator.setFetcher(targets);
        validator.setAnyExtensionsAllowed(false);
        List<ValidationMessage> told = new ArrayList<>();
        validator.validate(null, told, stream(resource), FhirFormat.JSON);
        List<Map<String, String>> issues = new ArrayList<>();
        for (ValidationMessage one : told) {
            issues.add(
                Map.of(
                    "severity", one.getLevel().toCode(),
                    "place", String.valueOf(one.getLocation()),
                    "text", one.getMessage(),
                    "rule", String.valueOf(one.getMessageId())));
        }
        return issues;
    }

    static InputStream stream(String resource) {
        return new ByteArrayInputStream(resource.getBytes(StandardCharsets.UTF_8));
    }

    public static void main(String[] files) throws Exception {
        PrintStream answers = System.out;
        System.setOut(System.err);
        Validate validate = new Validate(List.of(files));
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        Gson gson = new Gson();
        answers.println("ready");
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            answers.write((gson.toJson(validate.issues(line)) + "\n").getBytes(StandardCharsets.UTF_8));
            answers.flush();
        }
    }
}

/** What references lead to: resources known by type and id. Nothing else is fetched from anywhere. */
class Targets implements IValidatorResourceFetcher {
    private final SimpleWorkerContext definitions;
    private final Map<String, String> known = new HashMap<>();

    Targets(SimpleWorkerContext definitions, List<String> resources) {
        this.definitions = definitions;
        for (String resource : resources) {
            JsonObject content = new Gson().fromJson(resource, JsonObject.class);
            if (content.has("id")) {
                known.put(content.get("resourceType").getAsString() + "/" + content.get("id").getAsString(), resource);
            }
        }
    }

    @Override
    public Element fetch(IResourceValidator validator, Object context, String reference) {
        String resource = known.get(reference);
        try {
            return resource == null
                ? null
                : Manager.parseSingle(definitions, Validate.stream(resource), FhirFormat.JSON);
        } catch (java.io.IOException impossible) {
            throw new java.io.UncheckedIOException(impossible);
        }
    }

    @Override
    public boolean resolveURL(
        IResourceValidator validator,
        Object context,
        String path,
        String url,
        VersionResolutionRules rules,
        String type,
        boolean canonical,
        List<CanonicalType> targets) {
        return true;
    }

    @Override
    public byte[] fetchRaw(IResourceValidator validator, String url) {
        return null;
    }

    @Override
    public IValidatorResourceFetcher setLocale(Locale locale) {
        return this;
    }

    @Override
    public CanonicalResource fetchCanonicalResource(IResourceValidator validator, Object context, String url) {
        return null;
    }

    @Override
    public boolean fetchesCanonicalResource(IResourceValidator validator, String url) {
        return false;
    }

    @Override
    public Set<ResourceVersionInformation> fetchCanonicalResourceVersions(
        IResourceValidator validator, Object context, String url) {
        return Set.of();
    }
}
