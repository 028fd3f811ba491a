
## La cuenta
account-overview = Resumen
account-profile = Perfil
account-profile-about = Su nombre, su teléfono y su dirección de correo.
account-password = Contraseña
account-password-about = Elegir otra contraseña.
account-sessions = Sesiones
account-sessions-about = Dónde ha iniciado sesión.
account-api-keys = Claves de API
account-api-keys-about = Claves para sus propios programas.
account-privacy = Privacidad
account-privacy-about = Lo que se guarda sobre usted, para llevárselo.
account-last-login = Último inicio de sesión:
account-unverified = { $email } aún no está confirmada.
save = Guardar
cancel = Cancelar
notice-profile-saved = Su perfil se ha guardado.
notice-email-asked = Hemos enviado un correo a la nueva dirección. Abra el enlace que contiene para confirmarla.
notice-password-changed = Su contraseña ha cambiado. Se ha cerrado su sesión en todos los demás lugares.
notice-session-ended = La sesión ha terminado.
notice-session-gone = Esa sesión ya había terminado.
notice-sessions-ended = Se ha cerrado su sesión en todos los demás lugares.
notice-key-revoked = La clave está revocada.
ago-now = ahora mismo
ago-minutes = { $count ->
    [one] hace { $count } minuto
   *[other] hace { $count } minutos
}
ago-hours = { $count ->
    [one] hace { $count } hora
   *[other] hace { $count } horas
}
ago-days = { $count ->
    [one] hace { $count } día
   *[other] hace { $count } días
}

## Perfil, dirección y contraseña
profile-name = Nombre
profile-company = Empresa
profile-phone = Teléfono
profile-phone-hint = En formato internacional, por ejemplo +49 30 123456.
profile-email = Dirección de correo
profile-email-change = Cambiar la dirección de correo
profile-no-email = No hay ninguna.
email-title = Cambiar la dirección de correo
email-text = Enviamos un correo a la nueva dirección. Será la suya cuando abra el enlace que contiene; avisamos a la dirección actual.
email-now = Actualmente: { $email }
email-new = Nueva dirección de correo
email-submit = Enviar correo
password-change-title = Cambiar la contraseña
password-change-text = Todas sus demás sesiones terminan al cambiarla.
password-current = Contraseña actual
password-new = Nueva contraseña
password-change-submit = Cambiar la contraseña
problem-password-wrong = La contraseña actual no es correcta.

## Sesiones
sessions-title = Dónde ha iniciado sesión
sessions-text = Termine las sesiones que no reconozca y cambie entonces su contraseña.
sessions-this = esta
sessions-from = Desde { $ip }
sessions-since = Iniciada
sessions-seen = usada por última vez
sessions-end = Terminar
sessions-none = No tiene ninguna otra sesión.
sessions-others-title = ¿Cerrar sesión en todos los demás lugares?
sessions-others-text = Todas sus sesiones salvo esta terminan de inmediato, en todos los dispositivos.
sessions-others-submit = Cerrar sesión en los demás lugares

## Claves de API
keys-text = Con una clave, un programa puede hacer lo que usted puede. Mantenga las claves en secreto y revoque las que ya no necesite.
keys-new = Nueva clave de API
keys-none = No tiene claves de API.
key-expired = caducada
key-revoked = revocada
key-rotated = sustituida
key-everything = Puede todo lo que usted puede.
key-made = Creada
key-used = usada por última vez
key-unused = nunca usada
key-ends = termina el
key-rotate = Sustituir
key-revoke = Revocar
key-name = Nombre
key-name-hint = ¿Para qué es? Solo usted lo ve.
key-life = Válida durante
key-life-days = { $count ->
    [one] { $count } día
   *[other] { $count } días
}
key-life-never = Sin fin
key-narrow = Limitar lo que puede hacer
key-narrow-hint = No marque nada para todo lo que usted puede.
key-make = Crear clave
key-made-title = Su nueva clave de API
key-made-text = Esta es la clave «{ $name }». Solo se muestra esta vez.
key-made-label = Clave de API
key-made-hint = Cópiela ahora en un lugar seguro. Si la pierde, cree otra.
key-made-done = La he guardado
key-revoke-title = ¿Revocar «{ $name }»?
key-revoke-text = Los programas que la usan se rechazan de inmediato. No se puede deshacer.
key-rotate-title = ¿Sustituir «{ $name }»?
key-rotate-text = Recibe una nueva clave que puede lo mismo. La antigua sigue siendo válida un día más.

## Privacidad
privacy-kept = Lo que se guarda sobre usted
privacy-since = Su cuenta existe desde el
privacy-profile = Su perfil: nombre, empresa, teléfono y dirección de correo
privacy-sessions = Dónde ha iniciado sesión, con dirección y navegador
privacy-keys = Sus claves de API, sin su secreto
privacy-audit = Un registro de eventos de seguridad, como los inicios de sesión
privacy-data = Sus datos
privacy-data-text = Llévese lo que se guarda de su cuenta, como documento JSON.
privacy-download = Descargar

## Dispositivos
account-devices = Dispositivos
account-devices-about = Con qué ha iniciado sesión.
notice-device-named = El dispositivo tiene su nombre.
notice-device-removed = El dispositivo se ha olvidado y sus sesiones han terminado.
devices-text = Los nombres le ayudan a reconocer sus dispositivos. Olvide los que ya no use o que no sean suyos.
devices-none = No hay dispositivos.
devices-this = este
devices-trusted = de confianza hasta el
devices-first = Visto por primera vez
devices-seen = visto por última vez
device-name = Nombre
device-rename = Guardar nombre
device-forget = Olvidar
device-forget-title = ¿Olvidar «{ $name }»?
device-forget-text = Su sesión se cierra de inmediato. Si alguien vuelve a usarlo para iniciar sesión, se lo comunicamos por correo.
privacy-devices = Los dispositivos con los que ha iniciado sesión

## Segundos factores
account-factors = Verificación en dos pasos
account-factors-about = Un código además de la contraseña.
notice-factor-added = Está configurado. Sus demás sesiones han terminado.
notice-factor-removed = Está eliminado. Sus demás sesiones han terminado.
notice-sign-in-again = Inicie sesión de nuevo: esto requiere un inicio de sesión reciente.
factors-text = Además de la contraseña se le pide un código que solo usted puede tener. Quien conozca su contraseña no puede entrar solo con ella.
factors-none = Aún no ha configurado un segundo paso.
factor-app = Aplicación de autenticación
factor-phone = Mensajes SMS
factor-since = Configurado
factor-remove = Eliminar
factor-remove-title = ¿Eliminar «{ $name }»?
factor-remove-text = Ya no se le pedirá. Sus demás sesiones terminan.
factor-add-app = Configurar una aplicación de autenticación
factor-add-phone = Configurar mensajes SMS
factor-app-text = Necesita una aplicación que muestre códigos, como el gestor de contraseñas de su teléfono. La página siguiente muestra lo que lee.
factor-phone-text = Enviamos un código a su teléfono cada vez que inicia sesión. Una aplicación es más segura y funciona sin red.
factor-phone-send = Enviar código
factor-scan = Lea esto con la aplicación:
factor-qr = Código QR para la aplicación de autenticación
factor-type = O escriba esta clave:
factor-open = Abrirlo en una aplicación de este dispositivo
factor-sent = Hemos enviado un código a su teléfono. Es válido durante cinco minutos.
factor-code = Código de seis cifras
factor-confirm = Confirmar
codes-title = Códigos de reserva
codes-new = Crear códigos nuevos
codes-new-title = ¿Crear nuevos códigos de reserva?
codes-new-text = Los antiguos dejan de funcionar.
codes-made-title = Sus códigos de reserva
codes-made-text = Cada código sirve una vez, para el día en que pierda la aplicación o el teléfono. Solo se muestran esta vez.
codes-made-hint = Imprímalos o anótelos, y guárdelos lejos del teléfono.
codes-made-done = Los he guardado
problem-mfa-unconfirmed = El código no es correcto o ha caducado. Espere al siguiente o empiece de nuevo.
problem-mfa-off = Aquí no se usan segundos factores.
problem-mfa-needed = Aquí es obligatorio un segundo factor. Configure otro antes de eliminar este.
problem-mfa-too-many = Tiene tantos como puede haber. Elimine uno primero.
codes-left = { $count ->
    [one] Queda { $count } código
   *[other] Quedan { $count } códigos
}
