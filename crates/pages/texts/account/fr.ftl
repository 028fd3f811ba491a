
## Le compte
account-overview = Vue d’ensemble
account-profile = Profil
account-profile-about = Votre nom, votre téléphone et votre adresse e-mail.
account-password = Mot de passe
account-password-about = Choisir un autre mot de passe.
account-sessions = Sessions
account-sessions-about = Où vous êtes connecté.
account-api-keys = Clés d’API
account-api-keys-about = Des clés pour vos propres programmes.
account-privacy = Confidentialité
account-privacy-about = Ce qui est conservé à votre sujet, à télécharger si besoin.
account-last-login = Dernière connexion :
account-unverified = L’adresse { $email } n’est pas encore confirmée.
save = Enregistrer
cancel = Annuler
notice-profile-saved = Votre profil est enregistré.
notice-email-asked = Nous avons envoyé un e-mail à la nouvelle adresse. Ouvrez le lien qu’il contient pour la confirmer.
notice-password-changed = Votre mot de passe a été modifié. Vous êtes déconnecté partout ailleurs.
notice-session-ended = La session a été fermée.
notice-session-gone = Cette session était déjà fermée.
notice-sessions-ended = Vous êtes déconnecté partout ailleurs.
notice-key-revoked = La clé a été révoquée.
ago-now = à l’instant
ago-minutes = { $count ->
    [one] il y a { $count } minute
   *[other] il y a { $count } minutes
}
ago-hours = { $count ->
    [one] il y a { $count } heure
   *[other] il y a { $count } heures
}
ago-days = { $count ->
    [one] il y a { $count } jour
   *[other] il y a { $count } jours
}
ago-long = { $date }
date = { $day ->
    [1] 1er
   *[other] { $day }
} { $month ->
    [1] janvier
    [2] février
    [3] mars
    [4] avril
    [5] mai
    [6] juin
    [7] juillet
    [8] août
    [9] septembre
    [10] octobre
    [11] novembre
   *[12] décembre
} { $year }

## Profil, adresse et mot de passe
profile-name = Nom
profile-company = Société
profile-phone = Téléphone
profile-phone-hint = Au format international, par exemple +49 30 123456.
profile-elsewhere = Cela ne peut être modifié que depuis l’application : elle demande plus que cette page ne le peut.
profile-email = Adresse e-mail
profile-email-change = Changer d’adresse e-mail
profile-no-email = Aucune adresse enregistrée.
email-title = Changer d’adresse e‑mail
email-text = Nous envoyons un e-mail à la nouvelle adresse. Elle deviendra la vôtre quand vous ouvrirez le lien qu’il contient ; l’adresse actuelle en sera avertie.
email-now = Actuellement : { $email }
email-new = Nouvelle adresse e-mail
email-submit = Envoyer l’e-mail
password-change-title = Changer de mot de passe
password-change-text = Toutes vos autres sessions seront fermées lors du changement.
password-current = Mot de passe actuel
password-new = Nouveau mot de passe
password-change-submit = Changer de mot de passe
problem-password-wrong = Le mot de passe actuel n’est pas correct.

## Sessions
sessions-title = Où vous êtes connecté
sessions-text = Fermez les sessions que vous ne reconnaissez pas, puis changez de mot de passe.
sessions-this = cette session
sessions-impersonated = Un administrateur qui agit en votre nom
sessions-unknown = Programme inconnu
sessions-from = Depuis { $ip }
sessions-since = Connexion :
sessions-seen = dernière utilisation :
sessions-end = Fermer
sessions-none = Vous n’êtes connecté nulle part ailleurs.
sessions-others-title = Se déconnecter partout ailleurs ?
sessions-others-text = Toutes vos sessions sauf celle-ci seront fermées immédiatement, sur tous les appareils.
sessions-others-submit = Se déconnecter partout ailleurs

## Clés d’API
keys-text = Avec une clé, un programme peut faire ce que vous pouvez faire. Gardez vos clés secrètes et révoquez celles dont vous n’avez plus besoin.
keys-new = Nouvelle clé d’API
keys-none = Vous n’avez pas de clé d’API.
key-expired = expirée
key-revoked = révoquée
key-rotated = remplacée
key-everything = Peut faire tout ce que vous pouvez faire.
key-made = Création :
key-used = dernière utilisation :
key-unused = jamais utilisée
key-ends = expire le
key-rotate = Remplacer
key-revoke = Révoquer
key-name = Nom
key-name-hint = À quoi sert-elle ? Vous seul verrez ce nom.
key-life = Durée de validité
key-life-days = { $count ->
    [one] { $count } jour
   *[other] { $count } jours
}
key-life-never = Illimitée
key-narrow = Limiter ce qu’elle peut faire
key-narrow-hint = Si vous ne cochez rien, elle peut faire tout ce que vous pouvez faire.
key-make = Créer la clé
key-made-title = Votre nouvelle clé d’API
key-made-text = Voici la clé « { $name } ». Elle ne s’affiche que cette fois-ci.
key-made-label = Clé d’API
key-made-hint = Copiez-la maintenant en lieu sûr. Si vous la perdez, créez-en une autre.
key-made-done = Je l’ai mise en lieu sûr
key-revoke-title = Révoquer « { $name } » ?
key-revoke-text = Les programmes qui l’utilisent sont refusés aussitôt. C’est irréversible.
key-rotate-title = Remplacer « { $name } » ?
key-rotate-text = Vous recevez une nouvelle clé qui a les mêmes droits. L’ancienne reste valable un jour encore.

## Confidentialité
privacy-kept = Ce qui est conservé à votre sujet
privacy-since = Votre compte existe depuis le
privacy-profile = Votre profil : nom, société, téléphone et adresse e-mail
privacy-sessions = Où vous êtes connecté, avec l’adresse IP et le navigateur
privacy-keys = Vos clés d’API, sans leur partie secrète
privacy-audit = Un journal des événements de sécurité, comme les connexions
privacy-data = Vos données
privacy-data-text = Téléchargez ce qui est conservé au sujet de votre compte, sous forme de document JSON.
privacy-download = Télécharger

## Appareils
account-devices = Appareils
account-devices-about = Ceux avec lesquels vous vous êtes connecté.
notice-device-named = Le nom de l’appareil est enregistré.
notice-device-removed = L’appareil a été oublié et ses sessions ont été fermées.
devices-text = Les noms vous aident à reconnaître vos appareils. Oubliez ceux que vous n’utilisez plus ou qui ne sont pas à vous.
devices-none = Aucun appareil.
devices-this = cet appareil
devices-trusted = De confiance jusqu’au
devices-first = Première utilisation :
devices-seen = dernière utilisation :
device-name = Nom
device-rename = Renommer
device-forget = Oublier
device-forget-title = Oublier « { $name } » ?
device-forget-text = Il sera déconnecté aussitôt. Si quelqu’un s’en sert à nouveau pour se connecter, vous en serez averti par e-mail.
privacy-devices = Les appareils avec lesquels vous vous êtes connecté

## Seconds facteurs
account-factors = Validation en deux étapes
account-factors-about = Un code en plus du mot de passe.
notice-factor-added = La seconde étape est configurée. Vos autres sessions ont été fermées.
notice-factor-removed = La seconde étape a été supprimée. Vos autres sessions ont été fermées.
notice-factor-needed = Cette page demande une seconde étape à la connexion. Configurez-la ici, puis ouvrez de nouveau la page.
notice-sign-in-again = Veuillez vous reconnecter : cette action nécessite une connexion récente, avec une clé d’accès ou la seconde étape si vous en avez une.
factors-text = En plus du mot de passe, nous vous demandons un code que vous seul pouvez avoir. Connaître votre mot de passe ne suffit donc pas pour se connecter.
factors-none = Vous n’avez pas encore configuré de seconde étape.
factor-app = Application d’authentification
factor-phone = SMS
factor-since = Ajout :
factor-remove = Supprimer
factor-remove-title = Supprimer « { $name } » ?
factor-remove-text = Cette étape ne vous sera plus demandée. Vos autres sessions seront fermées.
factor-add-app = Configurer une application d’authentification
factor-add-phone = Configurer les SMS
factor-app-text = Il vous faut une application qui affiche des codes, comme le gestionnaire de mots de passe de votre téléphone. La page suivante montre ce qu’il faut scanner.
factor-phone-text = Nous envoyons un code sur votre téléphone à chaque connexion. Une application est plus sûre et fonctionne sans réseau.
factor-phone-send = Envoyer le code
factor-scan = Scannez ce code avec l’application :
factor-qr = Code QR pour l’application d’authentification
factor-type = Ou saisissez-y cette clé :
factor-open = Ouvrir dans une application de cet appareil
factor-sent = Nous avons envoyé un code sur votre téléphone. Il est valable cinq minutes.
codes-title = Codes de secours
codes-new = Créer de nouveaux codes
codes-new-title = Créer de nouveaux codes de secours ?
codes-new-text = Les anciens ne fonctionneront plus.
codes-made-title = Vos codes de secours
codes-made-text = Chaque code ne sert qu’une fois, pour le jour où vous aurez perdu votre application ou votre téléphone. Ils ne s’affichent que cette fois-ci.
codes-made-hint = Imprimez-les ou notez-les, et gardez-les à l’écart de votre téléphone.
codes-made-download = Télécharger au format texte
codes-made-print = Imprimer
codes-made-done = Je les ai mis en lieu sûr
problem-mfa-unconfirmed = Le code n’est pas correct ou a expiré. Attendez le suivant ou recommencez.
problem-mfa-off = La validation en deux étapes n’est pas utilisée ici.
problem-mfa-needed = Un second facteur est obligatoire ici. Ajoutez-en un autre avant de supprimer celui-ci.
problem-mfa-too-many = Vous avez atteint le nombre maximal. Supprimez d’abord un élément.
codes-left = { $count ->
    [one] { $count } code restant
   *[other] { $count } codes restants
}

## Clés d’accès
account-passkeys = Clés d’accès
account-passkeys-about = Se connecter sans mot de passe.
notice-passkey-added = Votre clé d’accès est prête. Vous pouvez désormais l’utiliser pour vous connecter.
notice-passkey-named = Le nom de la clé d’accès est enregistré.
notice-passkey-removed = La clé d’accès a été supprimée.
passkeys-text = Une clé d’accès est enregistrée sur l’un de vos appareils et vous connecte grâce à votre empreinte digitale, votre visage ou un code PIN : pas de mot de passe, et rien qu’une fausse page puisse vous demander.
passkeys-none = Vous n’avez pas encore de clé d’accès.
passkey-add = Ajouter une clé d’accès
passkey-add-text = Votre navigateur demande où enregistrer la clé d’accès : sur cet appareil, sur un téléphone ou sur une clé de sécurité.
passkey-synced = Pour { $host }. Elle peut se trouver sur plusieurs de vos appareils.
passkey-single = Pour { $host }. Elle se trouve sur un seul appareil.
passkey-remove-text = Vous ne pourrez plus vous en servir pour vous connecter. Supprimez-la aussi sur votre appareil.
problem-passkey-refused = La clé d’accès n’a pas pu être ajoutée. Veuillez réessayer avec un appareil qui vérifie une empreinte digitale, un visage ou un code PIN.
problem-passkey-exists = Cette clé d’accès est déjà dans votre liste.
problem-passkey-no-host = Les clés d’accès ne fonctionnent pas à cette adresse. Veuillez vous adresser à votre administrateur.
privacy-factors = Vos seconds facteurs et clés d’accès, sans leurs données secrètes

## Leaving
account-verify = Envoyer un e-mail pour la confirmer
leave-title = Supprimer le compte
leave-about = Vous pouvez supprimer votre compte. Tout ce qui y est connecté sera aussitôt déconnecté.
leave-text = Toutes vos sessions et clés d’API prendront fin et plus personne ne pourra se connecter. Un administrateur peut rétablir le compte tant qu’il est conservé.
leave-type = Saisissez { $login } pour confirmer
leave-submit = Supprimer mon compte
fault-not-the-same = Saisissez exactement ce qui est affiché.
notice-account-deleted = Votre compte a été supprimé.
problem-last-super-admin = Vous êtes le dernier administrateur à pouvoir tout faire. Donnez d’abord ce rôle à quelqu’un d’autre.
