# Čeština, s vykáním.

## Everywhere
skip-to-content = Přejít k obsahu
language = Jazyk
continue = Pokračovat
preview-note = Toto je náhled. Nic na něm nefunguje.
link-terms = Podmínky použití
link-privacy = Ochrana soukromí
link-support = Nápověda
sign-up-agree = Registrací přijímáte:
optional = (nepovinné)
copy = Kopírovat
copied = Zkopírováno
error-prefix = Chyba:
faults-below = Opravte prosím následující:
fault-at = { $field }: { $text }
span-moment = okamžik
span-seconds = { $count ->
    [one] { $count } sekundu
    [few] { $count } sekundy
   *[other] { $count } sekund
}
span-minutes = { $count ->
    [one] { $count } minutu
    [few] { $count } minuty
   *[other] { $count } minut
}
span-hours = { $count ->
    [one] { $count } hodinu
    [few] { $count } hodiny
   *[other] { $count } hodin
}

## Signing in and out
sign-in-title = Přihlášení
sign-in-login = E-mailová adresa nebo uživatelské jméno
sign-in-passkey = Přihlásit se přístupovým klíčem
passkey-failed = To se nepovedlo. Zkuste to prosím znovu, nebo zvolte jiný způsob.
passkey-without = Je k tomu třeba JavaScript a prohlížeč, který podporuje přístupové klíče.
sign-in-password-title = Zadejte své heslo
sign-in-change = Změnit
sign-in-remember = Neodhlašovat mě na tomto zařízení
sign-in-submit = Přihlásit se
password = Heslo
password-show = Zobrazit heslo
sign-out-title = Odhlásit se?
sign-out-text = Chcete-li na tomto zařízení znovu používat svůj účet, budete se muset znovu přihlásit.
sign-out-submit = Odhlásit se
stay-signed-in = Neodhlašovat
notice-signed-out = Byli jste odhlášeni.
notice-start-again = Trvalo to příliš dlouho. Začněte prosím znovu.

## The account
account-title = Váš účet
account-signed-in = Jste přihlášeni jako { $name }.

## What may be wrong with a field
fault-required = Vyplňte prosím toto pole.
fault-too-long = Je to příliš dlouhé.
fault-format = Zadaný údaj nevypadá správně.
fault-email = Zadejte prosím e-mailovou adresu, například ada@example.com.
fault-unchanged = Tento údaj je stejný jako dosud.
fault-other = To nelze použít.
fault-choice = Vyberte prosím jednu z možností.
fault-too-small = Toto číslo je příliš malé.
fault-too-large = Toto číslo je příliš velké.
fault-text-too-short = Toto je příliš krátké.
fault-number = Zadejte prosím číslo.
fault-whole-number = Zadejte prosím celé číslo.
attribute-choose = Vyberte prosím
attribute-least = Nejméně { $least }.
attribute-most = Nejvýše { $most }.
attribute-range = Od { $least } do { $most }.

## What may go wrong
problem-back = Na přihlášení
problem-account = Přejít do účtu
problem-open-again = Otevřít stránku znovu
problem-try-again = Zkusit znovu
problem-reference = Stav { $status }, referenční kód { $id }
problem-title-not-found = Stránka nenalezena
problem-title-forbidden = Přístup odepřen
problem-title-too-many = Počkejte prosím
problem-title-unavailable = Okamžik, prosím
problem-title-internal = Něco se pokazilo
problem-title-request = To se nepovedlo
problem-title-sign-in = Přihlaste se prosím
problem-sign-in = Abyste to viděli, musíte být přihlášeni.
problem-step-up = Je k tomu potřeba nedávné přihlášení nebo přihlášení s dvoufázovým ověřením, které si nastavíte ve svém účtu. Potvrďte prosím ještě jednou, že jste to vy.
problem-not-found = Tady nic není. Možná je v adrese překlep, nebo byla stránka přesunuta.
problem-forbidden = To není povoleno. Pokud si myslíte, že by mělo být, sdělte prosím svému správci referenční kód níže.
problem-too-many = Pokusů bylo příliš mnoho. Zkuste to prosím znovu za { $wait }.
problem-unavailable = Právě teď nemůžeme odpovědět. Zkuste to prosím znovu za { $wait }.
problem-internal = Chyba je na naší straně. Zkuste to prosím později; pokud potrvá, sdělte podpoře referenční kód níže.
problem-request = Požadavek nebylo možné zpracovat. Vraťte se prosím a zkuste to znovu.
problem-form-refused = Formulář nebylo možné přijmout a nic se nezměnilo. Možná byl otevřený velmi dlouho, nebo váš prohlížeč pro tento web neukládá soubory cookie. Povolte je prosím, otevřete stránku znovu a vyplňte formulář tam.
problem-credentials-invalid = Přihlašovací údaje nejsou správné. Zkontrolujte je prosím. Pokud jste se právě zaregistrovali, nejprve potvrďte svou e-mailovou adresu.
problem-login-locked = Neúspěšných pokusů bylo příliš mnoho. Zkuste to prosím znovu za { $wait }.

## Signing up, and what mails lead to
or = nebo
email = E-mailová adresa
your-name = Vaše jméno
new-password = Nové heslo
sign-up-title = Vytvořte si účet
sign-up-submit = Vytvořit účet
sign-up-elsewhere = Zaregistrovat se můžete jen prostřednictvím aplikace: ptá se na víc, než tato stránka umí.
sign-up-needs-script = K registraci musí váš prohlížeč vyřešit malou výpočetní úlohu a k tomu potřebuje JavaScript.
sign-up-already = Máte už účet?
sign-up-link = Vytvořit účet
sign-up-question = Ještě nemáte účet?
forgotten-link = Zapomněli jste heslo?
rule-length = { $count ->
    [one] Alespoň { $count } znak
    [few] Alespoň { $count } znaky
   *[other] Alespoň { $count } znaků
}
rule-cases = Velká a malá písmena
rule-upper = Velké písmeno
rule-lower = Malé písmeno
rule-digit = Číslice
rule-special = Speciální znak (ne písmeno ani číslice)
rule-unguessable = Těžko uhodnutelné: nejlépe několik nesouvisejících slov
verify-title = Potvrďte svou e‑mailovou adresu
verify-text = Tlačítkem potvrdíte, že adresa { $email } je vaše.
verify-submit = Potvrdit
code-title = Zkontrolujte si e-mail
code-sent = Na { $email } jsme poslali odkaz a kód. Otevřete odkaz, nebo kód zadejte zde.
code-text = Zadejte adresu a kód, který jsme na ni poslali.
code-label = Šestimístný kód
code-again = Poslat nový e-mail
forgotten-title = Zapomněli jste heslo?
forgotten-text = Zadejte svou e-mailovou adresu. Pokud k ní existuje účet, pošleme vám odkaz, pomocí kterého si zvolíte nové heslo.
forgotten-submit = Poslat odkaz
sent-title = Zkontrolujte si e-mail
sent-text = Pokud k adrese { $email } existuje účet, odkaz pro volbu nového hesla je na cestě.
sent-hint = Může to chvíli trvat. Podívejte se i do nevyžádané pošty.
sent-again = Poslat další odkaz
choose-title = Zvolte si nové heslo
choose-submit = Uložit heslo
choose-ends = Všude jinde budete odhlášeni. Odkaz nefunguje?
invited-title = Vítá vás { $product }
invited-text = Zvolte si heslo ke svému novému účtu.
invited-dead = Pokud jste si už heslo zvolili, přihlaste se jím. Jinak požádejte toho, kdo vás pozval, o novou pozvánku.
change-title = Potvrďte svou novou e‑mailovou adresu
change-text = Tlačítkem potvrdíte, že se má pro váš účet od nynějška používat adresa { $email }.
change-dead = Ve svém účtu vidíte, která adresa teď platí. Můžete si tam také vyžádat nový e-mail.
change-submit = Potvrdit
notice-mail-sent = Pokud je u této adresy co potvrdit, nový e-mail je na cestě.
notice-email-verified = Vaše e-mailová adresa je potvrzena.
notice-email-changed = Vaše nová e-mailová adresa je potvrzena.
notice-password-chosen = Vaše heslo je uloženo. Přihlaste se jím prosím.
problem-verification-invalid = Tento odkaz nebo kód už neplatí. Možná už byl použit, vypršel, nebo byl poslán novější.
problem-work = Váš prohlížeč nevyřešil malou výpočetní úlohu. Odešlete prosím formulář znovu. Pokud to nepomůže: je k tomu potřeba JavaScript a adresa, která začíná https.
problem-registration-closed = Zde se nemůžete zaregistrovat sami. Požádejte prosím o účet správce.
fault-too-short = Použijte prosím více znaků.
fault-no-uppercase = Přidejte prosím velké písmeno.
fault-no-lowercase = Přidejte prosím malé písmeno.
fault-no-digit = Přidejte prosím číslici.
fault-no-special = Přidejte prosím speciální znak (ne písmeno ani číslici).
fault-contains-identity = Nepoužívejte v něm prosím své jméno, firmu, uživatelské jméno ani e-mailovou adresu.
fault-guessable = To se dá snadno uhodnout. Použijte několik nesouvisejících slov nebo správce hesel.
fault-common = To je běžné heslo. Zvolte prosím jiné.
fault-breached = Toto heslo se objevilo v úniku dat. Zvolte prosím jiné.
fault-used-before = Toto heslo jste už používali. Zvolte prosím jiné.
fault-code = Zadejte prosím šest číslic.

## Second factors
second-title = Potvrďte, že jste to vy
second-totp = Zadejte kód, který zobrazuje vaše ověřovací aplikace.
second-sms = Můžeme poslat kód na váš telefon { $phone }.
second-sms-send = Poslat kód
second-sms-sent = Zadejte kód, který jsme poslali na váš telefon { $phone }. Platí pět minut.
second-sms-again = Poslat další kód
second-backup = Zadejte jeden ze záložních kódů, které jste si uschovali. Každý platí jen jednou.
second-backup-label = Záložní kód
second-passkey = Potvrďte některým ze svých přístupových klíčů, že jste to vy.
second-others = Jiné způsoby
second-use-totp = Použít ověřovací aplikaci
second-use-sms = Použít SMS na { $phone }
second-use-backup = Použít záložní kód
second-use-passkey = Použít přístupový klíč
second-trust = { $days ->
    [one] Na tomto zařízení se { $days } den znovu neptat
    [few] Na tomto zařízení se { $days } dny znovu neptat
   *[other] Na tomto zařízení se { $days } dní znovu neptat
}
second-cancel = Zrušit
step-up-text = K tomu je potřeba nedávné přihlášení. Potvrďte prosím ještě jednou, že jste to vy.
step-up-passkey = Použít přístupový klíč
step-up-sign-in = Místo toho se přihlásit znovu
enrol-title = Chraňte svůj účet
enrol-text = K přihlášení zde potřebujete druhý krok: aplikaci v telefonu nebo SMS.
enrol-other = Zvolit jiný způsob
notice-sms-sent = Kód je na cestě do vašeho telefonu.
problem-code = Kód není správný. Zkontrolujte jej prosím; kódy v aplikaci se mění každých 30 sekund.
problem-code-sms = Kód není správný. Zkontrolujte prosím, že je z poslední zprávy, nebo si nechte poslat nový.
problem-sessions-full = Dosáhli jste maximálního počtu relací. Nejprve se prosím z některé z nich odhlaste.
problem-code-used = Tento kód už byl použit. Počkejte prosím na další.
problem-no-phone = Není uveden telefon, na který by bylo možné poslat kód. Použijte prosím jiný způsob.
problem-passkey-invalid = Přístupový klíč nebyl přijat. Zkuste to prosím znovu, nebo zvolte jiný způsob.
problem-passkey-none = Pro tuto adresu nemáte přístupový klíč. Zvolte prosím jiný způsob.
problem-passkey-needed = Přihlaste se prosím přístupovým klíčem: samotné heslo zde nestačí.
problem-email-unverified = Nejprve prosím potvrďte svou e-mailovou adresu: otevřete odkaz ve zprávě, kterou jsme vám poslali, nebo si vyžádejte novou.
fault-phone = Zadejte prosím číslo v mezinárodním tvaru, například +4930123456.
