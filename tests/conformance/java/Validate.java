import com.google.gson.Gson;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.FileInputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.fhir.ucum.UcumEssenceService;
import org.hl7.fhir.r5.context.SimpleWorkerContext;
import org.hl7.fhir.r5.elementmodel.Manager.FhirFormat;
import org.hl7.fhir.r5.model.Parameters;
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
 * HL7's validator without its command line: packages from files, no terminology server, no network.
 *
 * <p>Arguments: package archives, R4 first. Each line in is a resource as JSON, each line out the list of its issues.
 */
class Validate {
    private static final String R4 = "4.0.1";

    private final SimpleWorkerContext definitions;

    Validate(String[] archives) throws Exception {
        definitions =
            new SimpleWorkerContext.SimpleWorkerContextBuilder()
                .withAllowLoadingDuplicates(true)
                .fromPackage(read(archives[0]), ValidatorUtils.loaderForVersion(R4), false);
        definitions.setCanRunWithoutTerminology(true);
        definitions.setNoTerminologyServer(true);
        definitions.setCanNoTS(true);
        definitions.setExpansionParameters(new Parameters());
        for (String archive : List.of(archives).subList(1, archives.length)) {
            definitions.loadFromPackage(read(archive), ValidatorUtils.loaderForVersion(R4));
        }
        definitions.setUcumService(
            new UcumEssenceService(UcumEssenceService.class.getResourceAsStream("/ucum-essence.xml")));
    }

    private static NpmPackage read(String archive) throws Exception {
        try (FileInputStream bytes = new FileInputStream(archive)) {
            return NpmPackage.fromPackage(bytes, Path.of(archive).getFileName().toString());
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
        validator.setPolicyAdvisor(new BasePolicyAdvisorForFullValidation(ReferenceValidationPolicy.IGNORE, null));
        validator.setAssumeValidRestReferences(true);
        validator.setErrorForUnknownProfiles(true);
        validator.setAnyExtensionsAllowed(false);
        List<ValidationMessage> told = new ArrayList<>();
        validator.validate(
            null, told, new ByteArrayInputStream(resource.getBytes(StandardCharsets.UTF_8)), FhirFormat.JSON);
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

    public static void main(String[] archives) throws Exception {
        PrintStream answers = System.out;
        System.setOut(System.err);
        Validate validate = new Validate(archives);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        Gson gson = new Gson();
        answers.println("ready");
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            answers.write((gson.toJson(validate.issues(line)) + "\n").getBytes(StandardCharsets.UTF_8));
            answers.flush();
        }
    }
}
