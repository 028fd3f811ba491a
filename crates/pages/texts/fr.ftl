# Français, avec « vous ».

## Everywhere
skip-to-content = Aller au contenu
language = Langue
continue = Continuer
preview-note = Ceci est un aperçu. Rien n’y fonctionne.
link-terms = Conditions d’utilisation
link-privacy = Confidentialité
link-support = Aide
sign-up-agree = En créant un compte, vous acceptez :
optional = (facultatif)
copy = Copier
copied = Copié
error-prefix = Erreur :
faults-below = Veuillez corriger ce qui suit :
fault-at = { $field } : { $text }
span-moment = un instant
span-seconds = { $count ->
    [one] { $count } seconde
   *[other] { $count } secondes
}
span-minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
span-hours = { $count ->
    [one] { $count } heure
   *[other] { $count } heures
}

## Signing in and out
sign-in-title = Se connecter
sign-in-login = Adresse e-mail ou nom d’utilisateur
sign-in-passkey = Se connecter avec une clé d’accès
passkey-failed = Cela n’a pas fonctionné. Veuillez réessayer ou choisir une autre méthode.
passkey-without = Il faut JavaScript et un navigateur compatible avec les clés d’accès.
sign-in-password-title = Saisissez votre mot de passe
sign-in-change = Modifier
sign-in-remember = Rester connecté sur cet appareil
sign-in-submit = Se connecter
password = Mot de passe
password-show = Afficher le mot de passe
sign-out-title = Se déconnecter ?
sign-out-text = Il faudra vous reconnecter pour utiliser votre compte sur cet appareil.
sign-out-submit = Se déconnecter
stay-signed-in = Rester connecté
notice-signed-out = Vous êtes déconnecté.
notice-start-again = Cela a pris trop de temps. Veuillez recommencer.

## The account
account-title = Votre compte
account-signed-in = Vous êtes connecté en tant que { $name }.

## What may be wrong with a field
fault-required = Veuillez remplir ce champ.
fault-too-long = C’est trop long.
fault-format = Cela ne semble pas correct.
fault-email = Veuillez saisir une adresse e-mail, par exemple ada@example.com.
fault-unchanged = C’est déjà la valeur actuelle.
fault-other = Cela ne peut pas être utilisé.
fault-choice = Veuillez choisir l’une de ces possibilités.
fault-too-small = Ce nombre est trop petit.
fault-too-large = Ce nombre est trop grand.
fault-text-too-short = C’est trop court.
fault-number = Veuillez saisir un nombre.
fault-whole-number = Veuillez saisir un nombre entier.
attribute-choose = Veuillez choisir
attribute-least = Au moins { $least }.
attribute-most = Au plus { $most }.
attribute-range = De { $least } à { $most }.

## What may go wrong
problem-back = Aller à la connexion
problem-account = Aller à votre compte
problem-open-again = Rouvrir la page
problem-try-again = Réessayer
problem-reference = Statut { $status }, référence { $id }
problem-title-not-found = Page introuvable
problem-title-forbidden = Non autorisé
problem-title-too-many = Veuillez patienter
problem-title-unavailable = Un instant
problem-title-internal = Une erreur s’est produite
problem-title-request = Cela n’a pas fonctionné
problem-title-sign-in = Veuillez vous connecter
problem-sign-in = Vous devez être connecté pour voir cette page.
problem-step-up = Cette action nécessite une connexion récente, ou validée en deux étapes, ce qui se configure dans votre compte. Veuillez confirmer une nouvelle fois que c’est bien vous.
problem-not-found = Il n’y a rien ici. L’adresse est peut-être mal saisie, ou la page a été déplacée.
problem-forbidden = Ce n’est pas autorisé. Si vous pensez que cela devrait l’être, communiquez la référence ci-dessous à votre administrateur.
problem-too-many = Il y a eu trop de tentatives. Veuillez réessayer dans { $wait }.
problem-unavailable = Nous ne pouvons pas répondre pour le moment. Veuillez réessayer dans { $wait }.
problem-internal = Le problème vient de chez nous. Veuillez réessayer plus tard ; s’il persiste, communiquez la référence ci-dessous à l’assistance.
problem-request = La demande n’a pas pu être traitée. Veuillez revenir en arrière et réessayer.
problem-form-refused = Le formulaire n’a pas pu être accepté et rien n’a été modifié. Il est peut-être resté ouvert très longtemps, ou votre navigateur ne conserve pas les cookies de ce site. Veuillez autoriser les cookies, rouvrir la page et y remplir le formulaire.
problem-credentials-invalid = Les identifiants ne sont pas corrects. Veuillez les vérifier. Si vous venez de vous inscrire, confirmez d’abord votre adresse e-mail.
problem-login-locked = Il y a eu trop de tentatives infructueuses. Veuillez réessayer dans { $wait }.

## Signing up, and what mails lead to
or = ou
email = Adresse e-mail
your-name = Votre nom
new-password = Nouveau mot de passe
sign-up-title = Créer votre compte
sign-up-submit = Créer le compte
sign-up-elsewhere = L’inscription se fait uniquement depuis l’application : elle demande plus que cette page ne le peut.
sign-up-needs-script = L’inscription demande un petit calcul à votre navigateur, ce qui nécessite JavaScript.
sign-up-already = Vous avez déjà un compte ?
sign-up-link = Créer un compte
sign-up-question = Pas encore de compte ?
forgotten-link = Mot de passe oublié ?
rule-length = { $count ->
    [one] Au moins { $count } caractère
   *[other] Au moins { $count } caractères
}
rule-cases = Des majuscules et des minuscules
rule-upper = Une majuscule
rule-lower = Une minuscule
rule-digit = Un chiffre
rule-special = Un caractère spécial (ni lettre ni chiffre)
rule-unguessable = Difficile à deviner : de préférence plusieurs mots sans rapport entre eux
verify-title = Confirmez votre adresse e‑mail
verify-text = Appuyez sur le bouton pour confirmer que l’adresse { $email } est la vôtre.
verify-submit = Confirmer
code-title = Consultez vos e-mails
code-sent = Nous avons envoyé un lien et un code à { $email }. Ouvrez le lien, ou saisissez le code ici.
code-text = Saisissez l’adresse et le code que nous y avons envoyé.
code-label = Code à six chiffres
code-again = Envoyer un nouvel e-mail
forgotten-title = Mot de passe oublié ?
forgotten-text = Indiquez votre adresse e-mail. S’il existe un compte à cette adresse, nous vous enverrons un lien pour choisir un nouveau mot de passe.
forgotten-submit = Envoyer le lien
sent-title = Consultez vos e-mails
sent-text = S’il existe un compte pour { $email }, vous allez recevoir un lien pour choisir un nouveau mot de passe.
sent-hint = Cela peut prendre une minute. Regardez aussi dans vos courriers indésirables.
sent-again = Envoyer un autre lien
choose-title = Choisissez un nouveau mot de passe
choose-submit = Enregistrer le mot de passe
choose-ends = Vous serez déconnecté partout ailleurs. Le lien ne fonctionne pas ?
invited-title = Bienvenue sur { $product }
invited-text = Choisissez un mot de passe pour votre nouveau compte.
invited-dead = Si vous avez déjà choisi un mot de passe, connectez-vous avec celui-ci. Sinon, demandez une nouvelle invitation à la personne qui vous a invité.
change-title = Confirmez votre nouvelle adresse e‑mail
change-text = Appuyez sur le bouton pour utiliser désormais l’adresse { $email } pour votre compte.
change-dead = Votre compte indique l’adresse qui est la vôtre à présent. Vous pouvez aussi y demander un nouvel e-mail.
change-submit = Confirmer
notice-mail-sent = S’il y a quelque chose à confirmer pour cette adresse, vous allez recevoir un nouvel e-mail.
notice-email-verified = Votre adresse e-mail est confirmée.
notice-email-changed = Votre nouvelle adresse e-mail est confirmée.
notice-password-chosen = Votre mot de passe est enregistré. Utilisez-le pour vous connecter.
problem-verification-invalid = Ce lien ou ce code ne fonctionne plus. Il a peut-être déjà été utilisé, il a peut-être expiré, ou un plus récent a été envoyé.
problem-work = Votre navigateur n’a pas effectué le petit calcul demandé. Veuillez renvoyer le formulaire. Si cela ne suffit pas : il faut JavaScript et une adresse qui commence par https.
problem-registration-closed = Vous ne pouvez pas vous inscrire ici vous-même. Veuillez demander un compte à un administrateur.
fault-too-short = Veuillez utiliser plus de caractères.
fault-no-uppercase = Veuillez ajouter une majuscule.
fault-no-lowercase = Veuillez ajouter une minuscule.
fault-no-digit = Veuillez ajouter un chiffre.
fault-no-special = Veuillez ajouter un caractère spécial (ni lettre ni chiffre).
fault-contains-identity = Veuillez ne pas y faire figurer votre nom, votre entreprise, votre nom d’utilisateur ou votre adresse e-mail.
fault-guessable = C’est facile à deviner. Utilisez plusieurs mots sans rapport entre eux, ou un gestionnaire de mots de passe.
fault-common = C’est un mot de passe courant. Veuillez en choisir un autre.
fault-breached = Ce mot de passe figure dans une fuite de données. Veuillez en choisir un autre.
fault-used-before = Vous avez déjà utilisé ce mot de passe. Veuillez en choisir un autre.
fault-code = Veuillez saisir les six chiffres.

## Second factors
second-title = Confirmez que c’est bien vous
second-totp = Saisissez le code affiché par votre application d’authentification.
second-sms = Nous pouvons envoyer un code sur votre téléphone { $phone }.
second-sms-send = Envoyer un code
second-sms-sent = Saisissez le code que nous avons envoyé sur votre téléphone { $phone }. Il est valable cinq minutes.
second-sms-again = Envoyer un autre code
second-backup = Saisissez l’un des codes de secours que vous avez conservés. Chacun ne sert qu’une fois.
second-backup-label = Code de secours
second-passkey = Confirmez que c’est bien vous avec l’une de vos clés d’accès.
second-others = Autres méthodes
second-use-totp = Utiliser une application d’authentification
second-use-sms = Recevoir un code par SMS au { $phone }
second-use-backup = Utiliser un code de secours
second-use-passkey = Utiliser une clé d’accès
second-trust = { $days ->
    [one] Ne plus demander sur cet appareil pendant { $days } jour
   *[other] Ne plus demander sur cet appareil pendant { $days } jours
}
second-cancel = Annuler
step-up-text = Cette action nécessite une connexion récente. Veuillez confirmer une nouvelle fois que c’est bien vous.
step-up-passkey = Utiliser une clé d’accès
step-up-sign-in = Plutôt se reconnecter
enrol-title = Protégez votre compte
enrol-text = Ici, la connexion demande une seconde étape : une application sur votre téléphone, ou des SMS.
enrol-other = Choisir une autre méthode
notice-sms-sent = Vous allez recevoir un code sur votre téléphone.
problem-code = Le code n’est pas correct. Veuillez le vérifier ; les codes d’une application changent toutes les 30 secondes.
problem-code-sms = Le code n’est pas correct. Veuillez vérifier qu’il vient du dernier message, ou en demander un autre.
problem-sessions-full = Vous avez atteint le nombre maximal de sessions. Veuillez d’abord vous déconnecter de l’une d’elles.
problem-code-used = Ce code a déjà été utilisé. Veuillez attendre le suivant.
problem-no-phone = Aucun numéro de téléphone n’est enregistré pour recevoir un code. Veuillez utiliser une autre méthode.
problem-passkey-invalid = La clé d’accès n’a pas été acceptée. Veuillez réessayer ou choisir une autre méthode.
problem-passkey-none = Vous n’avez pas de clé d’accès pour cette adresse. Veuillez choisir une autre méthode.
problem-passkey-needed = Veuillez vous connecter avec votre clé d’accès : un mot de passe seul ne suffit pas ici.
problem-email-unverified = Veuillez d’abord confirmer votre adresse e-mail : ouvrez le lien du message que nous vous avons envoyé ou demandez-en un autre.
fault-phone = Veuillez saisir un numéro au format international, par exemple +4930123456.
