# Deutsch, mit „Sie“.

## Everywhere
skip-to-content = Zum Inhalt springen
language = Sprache
continue = Weiter
preview-note = Das ist eine Vorschau. Nichts darauf funktioniert.
link-terms = Nutzungsbedingungen
link-privacy = Datenschutz
link-support = Hilfe
sign-up-agree = Mit der Registrierung akzeptieren Sie:
optional = (optional)
copy = Kopieren
copied = Kopiert
error-prefix = Fehler:
faults-below = Bitte korrigieren Sie Folgendes:
fault-at = { $field }: { $text }
span-moment = einem Augenblick
span-seconds = { $count ->
    [one] { $count } Sekunde
   *[other] { $count } Sekunden
}
span-minutes = { $count ->
    [one] { $count } Minute
   *[other] { $count } Minuten
}
span-hours = { $count ->
    [one] { $count } Stunde
   *[other] { $count } Stunden
}

## Signing in and out
sign-in-title = Anmelden
sign-in-login = E-Mail-Adresse oder Benutzername
sign-in-passkey = Mit einem Passkey anmelden
passkey-failed = Das hat nicht geklappt. Bitte versuchen Sie es noch einmal, oder wählen Sie eine andere Möglichkeit.
passkey-without = Dafür sind JavaScript und ein Browser nötig, der Passkeys unterstützt.
sign-in-password-title = Geben Sie Ihr Passwort ein
sign-in-change = Ändern
sign-in-remember = Auf diesem Gerät angemeldet bleiben
sign-in-submit = Anmelden
password = Passwort
password-show = Passwort anzeigen
sign-out-title = Abmelden?
sign-out-text = Um Ihr Konto auf diesem Gerät wieder zu nutzen, müssen Sie sich erneut anmelden.
sign-out-submit = Abmelden
stay-signed-in = Angemeldet bleiben
notice-signed-out = Sie wurden abgemeldet.
notice-start-again = Das hat zu lange gedauert. Bitte beginnen Sie von vorn.

## The account
account-title = Ihr Konto
account-signed-in = Sie sind als { $name } angemeldet.

## What may be wrong with a field
fault-required = Bitte füllen Sie dieses Feld aus.
fault-too-long = Das ist zu lang.
fault-format = Diese Eingabe scheint nicht zu stimmen.
fault-email = Bitte geben Sie eine E-Mail-Adresse ein, etwa ada@example.com.
fault-unchanged = Das ist derselbe Wert wie bisher.
fault-other = Das kann nicht verwendet werden.
fault-choice = Bitte wählen Sie eine dieser Möglichkeiten.
fault-too-small = Diese Zahl ist zu klein.
fault-too-large = Diese Zahl ist zu groß.
fault-text-too-short = Das ist zu kurz.
fault-number = Bitte geben Sie eine Zahl ein.
fault-whole-number = Bitte geben Sie eine ganze Zahl ein.
attribute-choose = Bitte wählen
attribute-least = Mindestens { $least }.
attribute-most = Höchstens { $most }.
attribute-range = Von { $least } bis { $most }.

## What may go wrong
problem-back = Zur Anmeldung
problem-account = Zu Ihrem Konto
problem-open-again = Seite erneut öffnen
problem-try-again = Noch einmal versuchen
problem-reference = Status { $status }, Referenz { $id }
problem-title-not-found = Seite nicht gefunden
problem-title-forbidden = Nicht erlaubt
problem-title-too-many = Bitte warten Sie
problem-title-unavailable = Einen Augenblick, bitte
problem-title-internal = Etwas ist schiefgegangen
problem-title-request = Das hat nicht geklappt
problem-title-sign-in = Bitte melden Sie sich an
problem-sign-in = Um das zu sehen, müssen Sie angemeldet sein.
problem-step-up = Dafür müssen Sie sich vor Kurzem oder mit der Bestätigung in zwei Schritten angemeldet haben, die Sie in Ihrem Konto einrichten. Bitte bestätigen Sie noch einmal, dass Sie es sind.
problem-not-found = Hier ist nichts. Vielleicht enthält die Adresse einen Tippfehler, oder die Seite wurde verschoben.
problem-forbidden = Das ist nicht erlaubt. Wenn Sie meinen, dass es erlaubt sein sollte, nennen Sie Ihrem Administrator bitte die Referenz unten.
problem-too-many = Es gab zu viele Versuche. Bitte versuchen Sie es in { $wait } erneut.
problem-unavailable = Wir können gerade nicht antworten. Bitte versuchen Sie es in { $wait } erneut.
problem-internal = Der Fehler liegt bei uns. Bitte versuchen Sie es später erneut; wenn er bestehen bleibt, nennen Sie dem Support die Referenz unten.
problem-request = Die Anfrage konnte nicht verarbeitet werden. Bitte gehen Sie zurück und versuchen Sie es noch einmal.
problem-form-refused = Das Formular konnte nicht angenommen werden; es wurde nichts geändert. Vielleicht war es sehr lange offen, oder Ihr Browser speichert keine Cookies für diese Website. Bitte erlauben Sie Cookies, öffnen Sie die Seite erneut und füllen Sie das Formular dort aus.
problem-credentials-invalid = Die Anmeldedaten stimmen nicht. Bitte prüfen Sie sie. Wenn Sie sich gerade registriert haben, bestätigen Sie zuerst Ihre E-Mail-Adresse.
problem-login-locked = Es gab zu viele Fehlversuche. Bitte versuchen Sie es in { $wait } erneut.

## Signing up, and what mails lead to
or = oder
email = E-Mail-Adresse
your-name = Ihr Name
new-password = Neues Passwort
sign-up-title = Konto erstellen
sign-up-submit = Konto erstellen
sign-up-elsewhere = Registrieren können Sie sich nur über die Anwendung: Sie fragt mehr ab, als diese Seite kann.
sign-up-needs-script = Für die Registrierung muss Ihr Browser eine kleine Rechenaufgabe lösen. Dazu braucht er JavaScript.
sign-up-already = Haben Sie schon ein Konto?
sign-up-link = Konto erstellen
sign-up-question = Neu hier?
forgotten-link = Passwort vergessen?
rule-length = { $count ->
    [one] Mindestens { $count } Zeichen
   *[other] Mindestens { $count } Zeichen
}
rule-cases = Groß- und Kleinbuchstaben
rule-upper = Ein Großbuchstabe
rule-lower = Ein Kleinbuchstabe
rule-digit = Eine Ziffer
rule-special = Ein Sonderzeichen (weder Buchstabe noch Ziffer)
rule-unguessable = Schwer zu erraten: am besten mehrere Wörter ohne Zusammenhang
verify-title = Bestätigen Sie Ihre E‑Mail-Adresse
verify-text = Bestätigen Sie mit der Schaltfläche, dass die Adresse { $email } Ihnen gehört.
verify-submit = Bestätigen
code-title = Sehen Sie in Ihrem Postfach nach
code-sent = Wir haben einen Link und einen Code an { $email } geschickt. Öffnen Sie den Link, oder geben Sie hier den Code ein.
code-text = Geben Sie die Adresse ein und den Code, den wir dorthin geschickt haben.
code-label = Sechsstelliger Code
code-again = Neue E-Mail senden
forgotten-title = Passwort vergessen?
forgotten-text = Geben Sie Ihre E-Mail-Adresse ein. Wenn es dazu ein Konto gibt, senden wir Ihnen einen Link, mit dem Sie ein neues Passwort wählen können.
forgotten-submit = Link senden
sent-title = Sehen Sie in Ihrem Postfach nach
sent-text = Wenn es für { $email } ein Konto gibt, ist ein Link unterwegs, mit dem Sie ein neues Passwort wählen können.
sent-hint = Es kann eine Minute dauern. Bitte sehen Sie auch im Spam-Ordner nach.
sent-again = Neuen Link senden
choose-title = Wählen Sie ein neues Passwort
choose-submit = Passwort speichern
choose-ends = Überall sonst werden Sie abgemeldet. Funktioniert der Link nicht?
invited-title = Willkommen bei { $product }
invited-text = Wählen Sie ein Passwort für Ihr neues Konto.
invited-dead = Wenn Sie schon ein Passwort gewählt haben, melden Sie sich damit an. Bitten Sie sonst um eine neue Einladung.
change-title = Bestätigen Sie Ihre neue E‑Mail-Adresse
change-text = Bestätigen Sie mit der Schaltfläche, dass Sie die Adresse { $email } von nun an für Ihr Konto nutzen.
change-dead = In Ihrem Konto sehen Sie, welche Adresse jetzt gilt. Dort können Sie auch eine neue E-Mail anfordern.
change-submit = Bestätigen
notice-mail-sent = Wenn es für diese Adresse etwas zu bestätigen gibt, ist eine neue E-Mail unterwegs.
notice-email-verified = Ihre E-Mail-Adresse ist bestätigt.
notice-email-changed = Ihre neue E-Mail-Adresse ist bestätigt.
notice-password-chosen = Ihr Passwort wurde gespeichert. Bitte melden Sie sich damit an.
problem-verification-invalid = Dieser Link oder Code gilt nicht mehr. Vielleicht wurde er schon verwendet, ist abgelaufen, oder es wurde ein neuerer verschickt.
problem-work = Ihr Browser hat die kleine Rechenaufgabe nicht gelöst. Bitte senden Sie das Formular noch einmal ab. Hilft das nicht: Dafür braucht es JavaScript und eine Adresse, die mit https beginnt.
problem-registration-closed = Hier können Sie sich nicht selbst registrieren. Bitte wenden Sie sich für ein Konto an einen Administrator.
fault-too-short = Bitte verwenden Sie mehr Zeichen.
fault-no-uppercase = Bitte ergänzen Sie einen Großbuchstaben.
fault-no-lowercase = Bitte ergänzen Sie einen Kleinbuchstaben.
fault-no-digit = Bitte ergänzen Sie eine Ziffer.
fault-no-special = Bitte ergänzen Sie ein Sonderzeichen (weder Buchstabe noch Ziffer).
fault-contains-identity = Bitte verwenden Sie darin nicht Ihren Namen, Ihre Firma, Ihren Benutzernamen oder Ihre E-Mail-Adresse.
fault-guessable = Das ist leicht zu erraten. Bitte verwenden Sie mehrere Wörter ohne Zusammenhang oder einen Passwortmanager.
fault-common = Das ist ein häufig verwendetes Passwort. Bitte wählen Sie ein anderes.
fault-breached = Dieses Passwort ist aus einem Datenleck bekannt. Bitte wählen Sie ein anderes.
fault-used-before = Dieses Passwort haben Sie schon einmal verwendet. Bitte wählen Sie ein anderes.
fault-code = Bitte geben Sie die sechs Ziffern ein.

## Second factors
second-title = Bestätigen Sie, dass Sie es sind
second-totp = Geben Sie den Code ein, den Ihre Authenticator-App anzeigt.
second-sms = Wir können einen Code an Ihr Telefon { $phone } senden.
second-sms-send = Code senden
second-sms-sent = Geben Sie den Code ein, den wir an Ihr Telefon { $phone } gesendet haben. Er gilt fünf Minuten.
second-sms-again = Neuen Code senden
second-backup = Geben Sie einen der Backup-Codes ein, die Sie aufbewahrt haben. Jeder gilt nur einmal.
second-backup-label = Backup-Code
second-passkey = Bestätigen Sie mit einem Ihrer Passkeys, dass Sie es sind.
second-others = Andere Möglichkeiten
second-use-totp = Authenticator-App verwenden
second-use-sms = Code per SMS an { $phone }
second-use-backup = Backup-Code verwenden
second-use-passkey = Passkey verwenden
second-trust = { $days ->
    [one] Auf diesem Gerät { $days } Tag lang nicht mehr fragen
   *[other] Auf diesem Gerät { $days } Tage lang nicht mehr fragen
}
second-cancel = Abbrechen
step-up-text = Dafür müssen Sie sich vor Kurzem angemeldet haben. Bitte bestätigen Sie noch einmal, dass Sie es sind.
step-up-passkey = Passkey verwenden
step-up-sign-in = Stattdessen erneut anmelden
enrol-title = Schützen Sie Ihr Konto
enrol-text = Für die Anmeldung brauchen Sie hier einen zweiten Schritt: eine App auf Ihrem Telefon oder SMS.
enrol-other = Andere Möglichkeit wählen
notice-sms-sent = Ein Code ist unterwegs zu Ihrem Telefon.
problem-code = Der Code stimmt nicht. Bitte prüfen Sie ihn; die Codes einer App wechseln alle 30 Sekunden.
problem-code-sms = Der Code stimmt nicht. Bitte prüfen Sie, ob er aus der neuesten Nachricht ist, oder lassen Sie sich einen neuen senden.
problem-sessions-full = Sie haben die Höchstzahl gleichzeitiger Sitzungen erreicht. Bitte melden Sie sich zuerst in einer davon ab.
problem-code-used = Dieser Code wurde schon verwendet. Bitte warten Sie auf den nächsten.
problem-no-phone = Es ist keine Telefonnummer hinterlegt, an die wir einen Code senden könnten. Bitte wählen Sie eine andere Möglichkeit.
problem-passkey-invalid = Der Passkey wurde nicht angenommen. Bitte versuchen Sie es noch einmal, oder wählen Sie eine andere Möglichkeit.
problem-passkey-none = Sie haben keinen Passkey für diese Adresse. Bitte wählen Sie eine andere Möglichkeit.
problem-passkey-needed = Bitte melden Sie sich mit Ihrem Passkey an: Ein Passwort allein genügt hier nicht.
problem-email-unverified = Bitte bestätigen Sie zuerst Ihre E-Mail-Adresse: Öffnen Sie den Link in der Mail, die wir Ihnen geschickt haben, oder fordern Sie eine neue an.
fault-phone = Bitte geben Sie eine Nummer im internationalen Format ein, etwa +4930123456.
