//! Kubernetes' own types, as far as a dependency can hold them: of version 1.36, with what the API server asks of
//! them beside. Made by `make generate` from the crate `k8s-openapi`.

use super::format::Format;
use super::types::{Exclusive, Member, Object, Type};

const TEXT: Type = Type::Text(Format::Any);

/// `AWSElasticBlockStoreVolumeSource`.
pub static AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE: Object = Object {
    members: &[
        Member::new("fsType", TEXT),
        Member::new("partition", Type::Integer),
        Member::new("readOnly", Type::Boolean),
        Member::new("volumeID", TEXT).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `Affinity`.
pub static AFFINITY: Object = Object {
    members: &[
        Member::new("nodeAffinity", Type::Object(&NODE_AFFINITY)),
        Member::new("podAffinity", Type::Object(&POD_AFFINITY)),
        Member::new("podAntiAffinity", Type::Object(&POD_ANTI_AFFINITY)),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `AppArmorProfile`.
pub static APP_ARMOR_PROFILE: Object = Object {
    members: &[
        Member::new("localhostProfile", TEXT),
        Member::new("type", Type::Text(Format::Word(&["RuntimeDefault", "Unconfined", "Localhost"]))).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `AzureDiskVolumeSource`.
pub static AZURE_DISK_VOLUME_SOURCE: Object = Object {
    members: &[
        Member::new("cachingMode", TEXT),
        Member::new("diskName", TEXT).required(),
        Member::new("diskURI", TEXT).required(),
        Member::new("fsType", TEXT),
        Member::new("kind", TEXT),
        Member::new("readOnly", Type::Boolean),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `AzureFileVolumeSource`.
pub static AZURE_FILE_VOLUME_SOURCE: Object = Object {
    members: &[
        Member::new("readOnly", Type::Boolean),
        Member::new("secretName", TEXT).required(),
        Member::new("shareName", TEXT).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `CSIVolumeSource`.
pub static CSI_VOLUME_SOURCE: Object = Object {
    members: &[
        Member::new("driver", TEXT).required(),
        Member::new("fsType", TEXT),
        Member::new("nodePublishSecretRef", Type::Object(&LOCAL_OBJECT_REFERENCE)),
        Member::new("readOnly", Type::Boolean),
        Member::new("volumeAttributes", Type::Map(Format::Any, &TEXT)),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `Capabilities`.
pub static CAPABILITIES: Object = Object {
    members: &[
        Member::new("add", Type::List(&TEXT, None)),
        Member::new("drop", Type::List(&TEXT, None)),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `CephFSVolumeSource`.
pub static CEPH_FS_VOLUME_SOURCE: Object = Object {
    members: &[
        Member::new("monitors", Type::List(&TEXT, None)).required(),
        Member::new("path", TEXT),
        Member::new("readOnly", Type::Boolean),
        Member::new("secretFile", Type::Text(Format::MountPath)),
        Member::new("secretRef", Type::Object(&LOCAL_OBJECT_REFERENCE)),
        Member::new("user", TEXT),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `CinderVolumeSource`.
pub static CINDER_VOLUME_SOURCE: Object = Object {
    members: &[
        Member::new("fsType", TEXT),
        Member::new("readOnly", Type::Boolean),
        Member::new("secretRef", Type::Object(&LOCAL_OBJECT_REFERENCE)),
        Member::new("volumeID", TEXT).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `ClusterTrustBundleProjection`.
pub static CLUSTER_TRUST_BUNDLE_PROJECTION: Object = Object {
    members: &[
        Member::new("labelSelector", Type::Object(&LABEL_SELECTOR)),
        Member::new("name", TEXT),
        Member::new("optional", Type::Boolean),
        Member::new("path", TEXT).required(),
        Member::new("signerName", TEXT),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `ConfigMapEnvSource`.
pub static CONFIG_MAP_ENV_SOURCE: Object = Object {
    members: &[
        Member::new("name", Type::Text(Format::Subdomain)).required(),
        Member::new("optional", Type::Boolean),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `ConfigMapKeySelector`.
pub static CONFIG_MAP_KEY_SELECTOR: Object = Object {
    members: &[
        Member::new("key", Type::Text(Format::FileName)).required(),
        Member::new("name", Type::Text(Format::Subdomain)).required(),
        Member::new("optional", Type::Boolean),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `ConfigMapProjection`.
pub static CONFIG_MAP_PROJECTION: Object = Object {
    members: &[
        Member::new("items", Type::List(&Type::Object(&KEY_TO_PATH), None)),
        Member::new("name", Type::Text(Format::Subdomain)).required(),
        Member::new("optional", Type::Boolean),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `ConfigMapVolumeSource`.
pub static CONFIG_MAP_VOLUME_SOURCE: Object = Object {
    members: &[
        Member::new("defaultMode", Type::Integer),
        Member::new("items", Type::List(&Type::Object(&KEY_TO_PATH), None)),
        Member::new("name", Type::Text(Format::Subdomain)).required(),
        Member::new("optional", Type::Boolean),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `Container`.
pub static CONTAINER: Object = Object {
    members: &[
        Member::new("args", Type::List(&TEXT, None)),
        Member::new("command", Type::List(&TEXT, None)),
        Member::new("env", Type::List(&Type::Object(&ENV_VAR), Some("name"))),
        Member::new("envFrom", Type::List(&Type::Object(&ENV_FROM_SOURCE), None)),
        Member::new("image", Type::Text(Format::Filled)).required(),
        Member::new("imagePullPolicy", Type::Text(Format::Word(&["Always", "IfNotPresent", "Never"]))),
        Member::new("lifecycle", Type::Object(&LIFECYCLE)),
        Member::new("livenessProbe", Type::Object(&PROBE)),
        Member::new("name", Type::Text(Format::DnsLabel)).required(),
        Member::new("ports", Type::List(&Type::Object(&CONTAINER_PORT), None)),
        Member::new("readinessProbe", Type::Object(&PROBE)),
        Member::new("resizePolicy", Type::List(&Type::Object(&CONTAINER_RESIZE_POLICY), None)),
        Member::new("resources", Type::Object(&RESOURCE_REQUIREMENTS)),
        Member::new("restartPolicy", TEXT),
        Member::new("restartPolicyRules", Type::List(&Type::Object(&CONTAINER_RESTART_RULE), None)),
        Member::new("securityContext", Type::Object(&SECURITY_CONTEXT)),
        Member::new("startupProbe", Type::Object(&PROBE)),
        Member::new("stdin", Type::Boolean),
        Member::new("stdinOnce", Type::Boolean),
        Member::new("terminationMessagePath", TEXT),
        Member::new("terminationMessagePolicy", Type::Text(Format::Word(&["File", "FallbackToLogsOnError"]))),
        Member::new("tty", Type::Boolean),
        Member::new("volumeDevices", Type::List(&Type::Object(&VOLUME_DEVICE), None)),
        Member::new("volumeMounts", Type::List(&Type::Object(&VOLUME_MOUNT), Some("mountPath"))),
        Member::new("workingDir", TEXT),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `ContainerPort`.
pub static CONTAINER_PORT: Object = Object {
    members: &[
        Member::new("containerPort", Type::Integer).required(),
        Member::new("hostIP", TEXT),
        Member::new("hostPort", Type::Integer),
        Member::new("name", Type::Text(Format::PortName)),
        Member::new("protocol", Type::Text(Format::Word(&["TCP", "UDP", "SCTP"]))),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `ContainerResizePolicy`.
pub static CONTAINER_RESIZE_POLICY: Object = Object {
    members: &[
        Member::new("resourceName", TEXT).required(),
        Member::new("restartPolicy", TEXT).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `ContainerRestartRule`.
pub static CONTAINER_RESTART_RULE: Object = Object {
    members: &[
        Member::new("action", TEXT).required(),
        Member::new("exitCodes", Type::Object(&CONTAINER_RESTART_RULE_ON_EXIT_CODES)),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `ContainerRestartRuleOnExitCodes`.
pub static CONTAINER_RESTART_RULE_ON_EXIT_CODES: Object = Object {
    members: &[
        Member::new("operator", TEXT).required(),
        Member::new("values", Type::List(&Type::Integer, None)),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `DownwardAPIProjection`.
pub static DOWNWARD_API_PROJECTION: Object = Object {
    members: &[
        Member::new("items", Type::List(&Type::Object(&DOWNWARD_API_VOLUME_FILE), None)),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `DownwardAPIVolumeFile`.
pub static DOWNWARD_API_VOLUME_FILE: Object = Object {
    members: &[
        Member::new("fieldRef", Type::Object(&OBJECT_FIELD_SELECTOR)),
        Member::new("mode", Type::Integer),
        Member::new("path", TEXT).required(),
        Member::new("resourceFieldRef", Type::Object(&RESOURCE_FIELD_SELECTOR)),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `DownwardAPIVolumeSource`.
pub static DOWNWARD_API_VOLUME_SOURCE: Object = Object {
    members: &[
        Member::new("defaultMode", Type::Integer),
        Member::new("items", Type::List(&Type::Object(&DOWNWARD_API_VOLUME_FILE), None)),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `EmptyDirVolumeSource`.
pub static EMPTY_DIR_VOLUME_SOURCE: Object = Object {
    members: &[
        Member::new("medium", TEXT),
        Member::new("sizeLimit", Type::Quantity),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `EnvFromSource`.
pub static ENV_FROM_SOURCE: Object = Object {
    members: &[
        Member::new("configMapRef", Type::Object(&CONFIG_MAP_ENV_SOURCE)).exclusive(),
        Member::new("prefix", TEXT),
        Member::new("secretRef", Type::Object(&SECRET_ENV_SOURCE)).exclusive(),
    ],
    exclusive: Exclusive::One,
};

/// `EnvVar`.
pub static ENV_VAR: Object = Object {
    members: &[
        Member::new("name", Type::Text(Format::EnvName)).required(),
        Member::new("value", TEXT).exclusive(),
        Member::new("valueFrom", Type::Object(&ENV_VAR_SOURCE)).exclusive(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `EnvVarSource`.
pub static ENV_VAR_SOURCE: Object = Object {
    members: &[
        Member::new("configMapKeyRef", Type::Object(&CONFIG_MAP_KEY_SELECTOR)).exclusive(),
        Member::new("fieldRef", Type::Object(&OBJECT_FIELD_SELECTOR)).exclusive(),
        Member::new("fileKeyRef", Type::Object(&FILE_KEY_SELECTOR)).exclusive(),
        Member::new("resourceFieldRef", Type::Object(&RESOURCE_FIELD_SELECTOR)).exclusive(),
        Member::new("secretKeyRef", Type::Object(&SECRET_KEY_SELECTOR)).exclusive(),
    ],
    exclusive: Exclusive::One,
};

/// `EphemeralVolumeSource`.
pub static EPHEMERAL_VOLUME_SOURCE: Object = Object {
    members: &[
        Member::new("volumeClaimTemplate", Type::Object(&PERSISTENT_VOLUME_CLAIM_TEMPLATE)),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `ExecAction`.
pub static EXEC_ACTION: Object = Object {
    members: &[
        Member::new("command", Type::List(&TEXT, None)),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `FCVolumeSource`.
pub static FC_VOLUME_SOURCE: Object = Object {
    members: &[
        Member::new("fsType", TEXT),
        Member::new("lun", Type::Integer),
        Member::new("readOnly", Type::Boolean),
        Member::new("targetWWNs", Type::List(&TEXT, None)),
        Member::new("wwids", Type::List(&TEXT, None)),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `FileKeySelector`.
pub static FILE_KEY_SELECTOR: Object = Object {
    members: &[
        Member::new("key", TEXT).required(),
        Member::new("optional", Type::Boolean),
        Member::new("path", TEXT).required(),
        Member::new("volumeName", TEXT).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `FlexVolumeSource`.
pub static FLEX_VOLUME_SOURCE: Object = Object {
    members: &[
        Member::new("driver", TEXT).required(),
        Member::new("fsType", TEXT),
        Member::new("options", Type::Map(Format::Any, &TEXT)),
        Member::new("readOnly", Type::Boolean),
        Member::new("secretRef", Type::Object(&LOCAL_OBJECT_REFERENCE)),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `FlockerVolumeSource`.
pub static FLOCKER_VOLUME_SOURCE: Object = Object {
    members: &[
        Member::new("datasetName", TEXT),
        Member::new("datasetUUID", TEXT),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `GCEPersistentDiskVolumeSource`.
pub static GCE_PERSISTENT_DISK_VOLUME_SOURCE: Object = Object {
    members: &[
        Member::new("fsType", TEXT),
        Member::new("partition", Type::Integer),
        Member::new("pdName", TEXT).required(),
        Member::new("readOnly", Type::Boolean),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `GRPCAction`.
pub static GRPC_ACTION: Object = Object {
    members: &[
        Member::new("port", Type::Integer).required(),
        Member::new("service", TEXT),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `GitRepoVolumeSource`.
pub static GIT_REPO_VOLUME_SOURCE: Object = Object {
    members: &[
        Member::new("directory", TEXT),
        Member::new("repository", TEXT).required(),
        Member::new("revision", TEXT),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `GlusterfsVolumeSource`.
pub static GLUSTERFS_VOLUME_SOURCE: Object = Object {
    members: &[
        Member::new("endpoints", TEXT).required(),
        Member::new("path", TEXT).required(),
        Member::new("readOnly", Type::Boolean),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `HTTPGetAction`.
pub static HTTP_GET_ACTION: Object = Object {
    members: &[
        Member::new("host", TEXT),
        Member::new("httpHeaders", Type::List(&Type::Object(&HTTP_HEADER), None)),
        Member::new("path", TEXT),
        Member::new("port", Type::Port).required(),
        Member::new("scheme", Type::Text(Format::Word(&["HTTP", "HTTPS"]))),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `HTTPHeader`.
pub static HTTP_HEADER: Object = Object {
    members: &[
        Member::new("name", TEXT).required(),
        Member::new("value", TEXT).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `HostAlias`.
pub static HOST_ALIAS: Object = Object {
    members: &[
        Member::new("hostnames", Type::List(&Type::Text(Format::Subdomain), None)),
        Member::new("ip", Type::Text(Format::Ip)).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `HostPathVolumeSource`.
pub static HOST_PATH_VOLUME_SOURCE: Object = Object {
    members: &[
        Member::new("path", TEXT).required(),
        Member::new("type", TEXT),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `ISCSIVolumeSource`.
pub static ISCSI_VOLUME_SOURCE: Object = Object {
    members: &[
        Member::new("chapAuthDiscovery", Type::Boolean),
        Member::new("chapAuthSession", Type::Boolean),
        Member::new("fsType", TEXT),
        Member::new("initiatorName", TEXT),
        Member::new("iqn", TEXT).required(),
        Member::new("iscsiInterface", TEXT),
        Member::new("lun", Type::Integer).required(),
        Member::new("portals", Type::List(&TEXT, None)),
        Member::new("readOnly", Type::Boolean),
        Member::new("secretRef", Type::Object(&LOCAL_OBJECT_REFERENCE)),
        Member::new("targetPortal", TEXT).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `ImageVolumeSource`.
pub static IMAGE_VOLUME_SOURCE: Object = Object {
    members: &[
        Member::new("pullPolicy", TEXT),
        Member::new("reference", TEXT),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `KeyToPath`.
pub static KEY_TO_PATH: Object = Object {
    members: &[
        Member::new("key", Type::Text(Format::FileName)).required(),
        Member::new("mode", Type::Integer),
        Member::new("path", Type::Text(Format::SubPath)).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `LabelSelector`.
pub static LABEL_SELECTOR: Object = Object {
    members: &[
        Member::new("matchExpressions", Type::List(&Type::Object(&LABEL_SELECTOR_REQUIREMENT), None)),
        Member::new("matchLabels", Type::Map(Format::LabelKey, &Type::Text(Format::LabelValue))),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `LabelSelectorRequirement`.
pub static LABEL_SELECTOR_REQUIREMENT: Object = Object {
    members: &[
        Member::new("key", Type::Text(Format::LabelKey)).required(),
        Member::new("operator", Type::Text(Format::Word(&["In", "NotIn", "Exists", "DoesNotExist"]))).required(),
        Member::new("values", Type::List(&TEXT, None)),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `Lifecycle`.
pub static LIFECYCLE: Object = Object {
    members: &[
        Member::new("postStart", Type::Object(&LIFECYCLE_HANDLER)),
        Member::new("preStop", Type::Object(&LIFECYCLE_HANDLER)),
        Member::new("stopSignal", TEXT),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `LifecycleHandler`.
pub static LIFECYCLE_HANDLER: Object = Object {
    members: &[
        Member::new("exec", Type::Object(&EXEC_ACTION)).exclusive(),
        Member::new("httpGet", Type::Object(&HTTP_GET_ACTION)).exclusive(),
        Member::new("sleep", Type::Object(&SLEEP_ACTION)).exclusive(),
        Member::new("tcpSocket", Type::Object(&TCP_SOCKET_ACTION)).exclusive(),
    ],
    exclusive: Exclusive::One,
};

/// `LocalObjectReference`.
pub static LOCAL_OBJECT_REFERENCE: Object = Object {
    members: &[
        Member::new("name", Type::Text(Format::Subdomain)).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `NFSVolumeSource`.
pub static NFS_VOLUME_SOURCE: Object = Object {
    members: &[
        Member::new("path", TEXT).required(),
        Member::new("readOnly", Type::Boolean),
        Member::new("server", TEXT).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `NodeAffinity`.
pub static NODE_AFFINITY: Object = Object {
    members: &[
        Member::new("preferredDuringSchedulingIgnoredDuringExecution", Type::List(&Type::Object(&PREFERRED_SCHEDULING_TERM), None)),
        Member::new("requiredDuringSchedulingIgnoredDuringExecution", Type::Object(&NODE_SELECTOR)),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `NodeSelector`.
pub static NODE_SELECTOR: Object = Object {
    members: &[
        Member::new("nodeSelectorTerms", Type::List(&Type::Object(&NODE_SELECTOR_TERM), None)).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `NodeSelectorRequirement`.
pub static NODE_SELECTOR_REQUIREMENT: Object = Object {
    members: &[
        Member::new("key", Type::Text(Format::LabelKey)).required(),
        Member::new("operator", Type::Text(Format::Word(&["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]))).required(),
        Member::new("values", Type::List(&TEXT, None)),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `NodeSelectorTerm`.
pub static NODE_SELECTOR_TERM: Object = Object {
    members: &[
        Member::new("matchExpressions", Type::List(&Type::Object(&NODE_SELECTOR_REQUIREMENT), None)),
        Member::new("matchFields", Type::List(&Type::Object(&NODE_SELECTOR_REQUIREMENT), None)),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `ObjectFieldSelector`.
pub static OBJECT_FIELD_SELECTOR: Object = Object {
    members: &[
        Member::new("apiVersion", TEXT),
        Member::new("fieldPath", TEXT).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `ObjectMeta`.
pub static OBJECT_META: Object = Object {
    members: &[
        Member::new("annotations", Type::Map(Format::AnnotationKey, &TEXT)),
        Member::new("labels", Type::Map(Format::LabelKey, &Type::Text(Format::LabelValue))),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `PersistentVolumeClaimSpec`.
pub static PERSISTENT_VOLUME_CLAIM_SPEC: Object = Object {
    members: &[
        Member::new("accessModes", Type::List(&TEXT, None)),
        Member::new("dataSource", Type::Object(&TYPED_LOCAL_OBJECT_REFERENCE)),
        Member::new("dataSourceRef", Type::Object(&TYPED_OBJECT_REFERENCE)),
        Member::new("resources", Type::Object(&VOLUME_RESOURCE_REQUIREMENTS)),
        Member::new("selector", Type::Object(&LABEL_SELECTOR)),
        Member::new("storageClassName", TEXT),
        Member::new("volumeAttributesClassName", TEXT),
        Member::new("volumeMode", TEXT),
        Member::new("volumeName", TEXT),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `PersistentVolumeClaimTemplate`.
pub static PERSISTENT_VOLUME_CLAIM_TEMPLATE: Object = Object {
    members: &[
        Member::new("metadata", Type::Object(&OBJECT_META)),
        Member::new("spec", Type::Object(&PERSISTENT_VOLUME_CLAIM_SPEC)).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `PersistentVolumeClaimVolumeSource`.
pub static PERSISTENT_VOLUME_CLAIM_VOLUME_SOURCE: Object = Object {
    members: &[
        Member::new("claimName", Type::Text(Format::Subdomain)).required(),
        Member::new("readOnly", Type::Boolean),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `PhotonPersistentDiskVolumeSource`.
pub static PHOTON_PERSISTENT_DISK_VOLUME_SOURCE: Object = Object {
    members: &[
        Member::new("fsType", TEXT),
        Member::new("pdID", TEXT).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `PodAffinity`.
pub static POD_AFFINITY: Object = Object {
    members: &[
        Member::new("preferredDuringSchedulingIgnoredDuringExecution", Type::List(&Type::Object(&WEIGHTED_POD_AFFINITY_TERM), None)),
        Member::new("requiredDuringSchedulingIgnoredDuringExecution", Type::List(&Type::Object(&POD_AFFINITY_TERM), None)),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `PodAffinityTerm`.
pub static POD_AFFINITY_TERM: Object = Object {
    members: &[
        Member::new("labelSelector", Type::Object(&LABEL_SELECTOR)),
        Member::new("matchLabelKeys", Type::List(&TEXT, None)),
        Member::new("mismatchLabelKeys", Type::List(&TEXT, None)),
        Member::new("namespaceSelector", Type::Object(&LABEL_SELECTOR)),
        Member::new("namespaces", Type::List(&TEXT, None)),
        Member::new("topologyKey", Type::Text(Format::LabelKey)).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `PodAntiAffinity`.
pub static POD_ANTI_AFFINITY: Object = Object {
    members: &[
        Member::new("preferredDuringSchedulingIgnoredDuringExecution", Type::List(&Type::Object(&WEIGHTED_POD_AFFINITY_TERM), None)),
        Member::new("requiredDuringSchedulingIgnoredDuringExecution", Type::List(&Type::Object(&POD_AFFINITY_TERM), None)),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `PodCertificateProjection`.
pub static POD_CERTIFICATE_PROJECTION: Object = Object {
    members: &[
        Member::new("certificateChainPath", TEXT),
        Member::new("credentialBundlePath", TEXT),
        Member::new("keyPath", TEXT),
        Member::new("keyType", TEXT).required(),
        Member::new("maxExpirationSeconds", Type::Integer),
        Member::new("signerName", TEXT).required(),
        Member::new("userAnnotations", Type::Map(Format::Any, &TEXT)),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `PodSecurityContext`.
pub static POD_SECURITY_CONTEXT: Object = Object {
    members: &[
        Member::new("appArmorProfile", Type::Object(&APP_ARMOR_PROFILE)),
        Member::new("fsGroup", Type::Integer),
        Member::new("fsGroupChangePolicy", TEXT),
        Member::new("runAsGroup", Type::Integer),
        Member::new("runAsNonRoot", Type::Boolean),
        Member::new("runAsUser", Type::Integer),
        Member::new("seLinuxChangePolicy", TEXT),
        Member::new("seLinuxOptions", Type::Object(&SE_LINUX_OPTIONS)),
        Member::new("seccompProfile", Type::Object(&SECCOMP_PROFILE)),
        Member::new("supplementalGroups", Type::List(&Type::Integer, None)),
        Member::new("supplementalGroupsPolicy", TEXT),
        Member::new("sysctls", Type::List(&Type::Object(&SYSCTL), None)),
        Member::new("windowsOptions", Type::Object(&WINDOWS_SECURITY_CONTEXT_OPTIONS)),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `PortworxVolumeSource`.
pub static PORTWORX_VOLUME_SOURCE: Object = Object {
    members: &[
        Member::new("fsType", TEXT),
        Member::new("readOnly", Type::Boolean),
        Member::new("volumeID", TEXT).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `PreferredSchedulingTerm`.
pub static PREFERRED_SCHEDULING_TERM: Object = Object {
    members: &[
        Member::new("preference", Type::Object(&NODE_SELECTOR_TERM)).required(),
        Member::new("weight", Type::Integer).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `Probe`.
pub static PROBE: Object = Object {
    members: &[
        Member::new("exec", Type::Object(&EXEC_ACTION)).exclusive(),
        Member::new("failureThreshold", Type::Integer),
        Member::new("grpc", Type::Object(&GRPC_ACTION)).exclusive(),
        Member::new("httpGet", Type::Object(&HTTP_GET_ACTION)).exclusive(),
        Member::new("initialDelaySeconds", Type::Integer),
        Member::new("periodSeconds", Type::Integer),
        Member::new("successThreshold", Type::Integer),
        Member::new("tcpSocket", Type::Object(&TCP_SOCKET_ACTION)).exclusive(),
        Member::new("terminationGracePeriodSeconds", Type::Integer),
        Member::new("timeoutSeconds", Type::Integer),
    ],
    exclusive: Exclusive::One,
};

/// `ProjectedVolumeSource`.
pub static PROJECTED_VOLUME_SOURCE: Object = Object {
    members: &[
        Member::new("defaultMode", Type::Integer),
        Member::new("sources", Type::List(&Type::Object(&VOLUME_PROJECTION), None)),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `QuobyteVolumeSource`.
pub static QUOBYTE_VOLUME_SOURCE: Object = Object {
    members: &[
        Member::new("group", TEXT),
        Member::new("readOnly", Type::Boolean),
        Member::new("registry", TEXT).required(),
        Member::new("tenant", TEXT),
        Member::new("user", TEXT),
        Member::new("volume", TEXT).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `RBDVolumeSource`.
pub static RBD_VOLUME_SOURCE: Object = Object {
    members: &[
        Member::new("fsType", TEXT),
        Member::new("image", TEXT).required(),
        Member::new("keyring", TEXT),
        Member::new("monitors", Type::List(&TEXT, None)).required(),
        Member::new("pool", TEXT),
        Member::new("readOnly", Type::Boolean),
        Member::new("secretRef", Type::Object(&LOCAL_OBJECT_REFERENCE)),
        Member::new("user", TEXT),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `ResourceClaim`.
pub static RESOURCE_CLAIM: Object = Object {
    members: &[
        Member::new("name", TEXT).required(),
        Member::new("request", TEXT),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `ResourceFieldSelector`.
pub static RESOURCE_FIELD_SELECTOR: Object = Object {
    members: &[
        Member::new("containerName", TEXT),
        Member::new("divisor", Type::Quantity),
        Member::new("resource", TEXT).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `ResourceRequirements`.
pub static RESOURCE_REQUIREMENTS: Object = Object {
    members: &[
        Member::new("claims", Type::List(&Type::Object(&RESOURCE_CLAIM), None)),
        Member::new("limits", Type::Map(Format::Any, &Type::Quantity)),
        Member::new("requests", Type::Map(Format::Any, &Type::Quantity)),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `SELinuxOptions`.
pub static SE_LINUX_OPTIONS: Object = Object {
    members: &[
        Member::new("level", TEXT),
        Member::new("role", TEXT),
        Member::new("type", TEXT),
        Member::new("user", TEXT),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `ScaleIOVolumeSource`.
pub static SCALE_IO_VOLUME_SOURCE: Object = Object {
    members: &[
        Member::new("fsType", TEXT),
        Member::new("gateway", TEXT).required(),
        Member::new("protectionDomain", TEXT),
        Member::new("readOnly", Type::Boolean),
        Member::new("secretRef", Type::Object(&LOCAL_OBJECT_REFERENCE)).required(),
        Member::new("sslEnabled", Type::Boolean),
        Member::new("storageMode", TEXT),
        Member::new("storagePool", TEXT),
        Member::new("system", TEXT).required(),
        Member::new("volumeName", TEXT),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `SeccompProfile`.
pub static SECCOMP_PROFILE: Object = Object {
    members: &[
        Member::new("localhostProfile", TEXT),
        Member::new("type", Type::Text(Format::Word(&["RuntimeDefault", "Unconfined", "Localhost"]))).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `SecretEnvSource`.
pub static SECRET_ENV_SOURCE: Object = Object {
    members: &[
        Member::new("name", Type::Text(Format::Subdomain)).required(),
        Member::new("optional", Type::Boolean),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `SecretKeySelector`.
pub static SECRET_KEY_SELECTOR: Object = Object {
    members: &[
        Member::new("key", Type::Text(Format::FileName)).required(),
        Member::new("name", Type::Text(Format::Subdomain)).required(),
        Member::new("optional", Type::Boolean),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `SecretProjection`.
pub static SECRET_PROJECTION: Object = Object {
    members: &[
        Member::new("items", Type::List(&Type::Object(&KEY_TO_PATH), None)),
        Member::new("name", Type::Text(Format::Subdomain)).required(),
        Member::new("optional", Type::Boolean),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `SecretVolumeSource`.
pub static SECRET_VOLUME_SOURCE: Object = Object {
    members: &[
        Member::new("defaultMode", Type::Integer),
        Member::new("items", Type::List(&Type::Object(&KEY_TO_PATH), None)),
        Member::new("optional", Type::Boolean),
        Member::new("secretName", Type::Text(Format::Subdomain)).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `SecurityContext`.
pub static SECURITY_CONTEXT: Object = Object {
    members: &[
        Member::new("allowPrivilegeEscalation", Type::Boolean),
        Member::new("appArmorProfile", Type::Object(&APP_ARMOR_PROFILE)),
        Member::new("capabilities", Type::Object(&CAPABILITIES)),
        Member::new("privileged", Type::Boolean),
        Member::new("procMount", TEXT),
        Member::new("readOnlyRootFilesystem", Type::Boolean),
        Member::new("runAsGroup", Type::Integer),
        Member::new("runAsNonRoot", Type::Boolean),
        Member::new("runAsUser", Type::Integer),
        Member::new("seLinuxOptions", Type::Object(&SE_LINUX_OPTIONS)),
        Member::new("seccompProfile", Type::Object(&SECCOMP_PROFILE)),
        Member::new("windowsOptions", Type::Object(&WINDOWS_SECURITY_CONTEXT_OPTIONS)),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `ServiceAccountTokenProjection`.
pub static SERVICE_ACCOUNT_TOKEN_PROJECTION: Object = Object {
    members: &[
        Member::new("audience", TEXT),
        Member::new("expirationSeconds", Type::Integer),
        Member::new("path", TEXT).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `SleepAction`.
pub static SLEEP_ACTION: Object = Object {
    members: &[
        Member::new("seconds", Type::Integer).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `StorageOSVolumeSource`.
pub static STORAGE_OS_VOLUME_SOURCE: Object = Object {
    members: &[
        Member::new("fsType", TEXT),
        Member::new("readOnly", Type::Boolean),
        Member::new("secretRef", Type::Object(&LOCAL_OBJECT_REFERENCE)),
        Member::new("volumeName", TEXT),
        Member::new("volumeNamespace", TEXT),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `Sysctl`.
pub static SYSCTL: Object = Object {
    members: &[
        Member::new("name", TEXT).required(),
        Member::new("value", TEXT).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `TCPSocketAction`.
pub static TCP_SOCKET_ACTION: Object = Object {
    members: &[
        Member::new("host", TEXT),
        Member::new("port", Type::Port).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `Toleration`.
pub static TOLERATION: Object = Object {
    members: &[
        Member::new("effect", Type::Text(Format::Word(&["NoSchedule", "PreferNoSchedule", "NoExecute"]))),
        Member::new("key", Type::Text(Format::LabelKey)),
        Member::new("operator", Type::Text(Format::Word(&["Exists", "Equal", "Gt", "Lt"]))),
        Member::new("tolerationSeconds", Type::Integer),
        Member::new("value", TEXT),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `TypedLocalObjectReference`.
pub static TYPED_LOCAL_OBJECT_REFERENCE: Object = Object {
    members: &[
        Member::new("apiGroup", TEXT),
        Member::new("kind", TEXT).required(),
        Member::new("name", TEXT).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `TypedObjectReference`.
pub static TYPED_OBJECT_REFERENCE: Object = Object {
    members: &[
        Member::new("apiGroup", TEXT),
        Member::new("kind", TEXT).required(),
        Member::new("name", TEXT).required(),
        Member::new("namespace", TEXT),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `Volume`.
pub static VOLUME: Object = Object {
    members: &[
        Member::new("awsElasticBlockStore", Type::Object(&AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE)).exclusive(),
        Member::new("azureDisk", Type::Object(&AZURE_DISK_VOLUME_SOURCE)).exclusive(),
        Member::new("azureFile", Type::Object(&AZURE_FILE_VOLUME_SOURCE)).exclusive(),
        Member::new("cephfs", Type::Object(&CEPH_FS_VOLUME_SOURCE)).exclusive(),
        Member::new("cinder", Type::Object(&CINDER_VOLUME_SOURCE)).exclusive(),
        Member::new("configMap", Type::Object(&CONFIG_MAP_VOLUME_SOURCE)).exclusive(),
        Member::new("csi", Type::Object(&CSI_VOLUME_SOURCE)).exclusive(),
        Member::new("downwardAPI", Type::Object(&DOWNWARD_API_VOLUME_SOURCE)).exclusive(),
        Member::new("emptyDir", Type::Object(&EMPTY_DIR_VOLUME_SOURCE)).exclusive(),
        Member::new("ephemeral", Type::Object(&EPHEMERAL_VOLUME_SOURCE)).exclusive(),
        Member::new("fc", Type::Object(&FC_VOLUME_SOURCE)).exclusive(),
        Member::new("flexVolume", Type::Object(&FLEX_VOLUME_SOURCE)).exclusive(),
        Member::new("flocker", Type::Object(&FLOCKER_VOLUME_SOURCE)).exclusive(),
        Member::new("gcePersistentDisk", Type::Object(&GCE_PERSISTENT_DISK_VOLUME_SOURCE)).exclusive(),
        Member::new("gitRepo", Type::Object(&GIT_REPO_VOLUME_SOURCE)).exclusive(),
        Member::new("glusterfs", Type::Object(&GLUSTERFS_VOLUME_SOURCE)).exclusive(),
        Member::new("hostPath", Type::Object(&HOST_PATH_VOLUME_SOURCE)).exclusive(),
        Member::new("image", Type::Object(&IMAGE_VOLUME_SOURCE)).exclusive(),
        Member::new("iscsi", Type::Object(&ISCSI_VOLUME_SOURCE)).exclusive(),
        Member::new("name", Type::Text(Format::DnsLabel)).required(),
        Member::new("nfs", Type::Object(&NFS_VOLUME_SOURCE)).exclusive(),
        Member::new("persistentVolumeClaim", Type::Object(&PERSISTENT_VOLUME_CLAIM_VOLUME_SOURCE)).exclusive(),
        Member::new("photonPersistentDisk", Type::Object(&PHOTON_PERSISTENT_DISK_VOLUME_SOURCE)).exclusive(),
        Member::new("portworxVolume", Type::Object(&PORTWORX_VOLUME_SOURCE)).exclusive(),
        Member::new("projected", Type::Object(&PROJECTED_VOLUME_SOURCE)).exclusive(),
        Member::new("quobyte", Type::Object(&QUOBYTE_VOLUME_SOURCE)).exclusive(),
        Member::new("rbd", Type::Object(&RBD_VOLUME_SOURCE)).exclusive(),
        Member::new("scaleIO", Type::Object(&SCALE_IO_VOLUME_SOURCE)).exclusive(),
        Member::new("secret", Type::Object(&SECRET_VOLUME_SOURCE)).exclusive(),
        Member::new("storageos", Type::Object(&STORAGE_OS_VOLUME_SOURCE)).exclusive(),
        Member::new("vsphereVolume", Type::Object(&VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE)).exclusive(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `VolumeDevice`.
pub static VOLUME_DEVICE: Object = Object {
    members: &[
        Member::new("devicePath", TEXT).required(),
        Member::new("name", Type::Text(Format::DnsLabel)).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `VolumeMount`.
pub static VOLUME_MOUNT: Object = Object {
    members: &[
        Member::new("mountPath", Type::Text(Format::MountPath)).required(),
        Member::new("mountPropagation", Type::Text(Format::Word(&["None", "HostToContainer", "Bidirectional"]))),
        Member::new("name", Type::Text(Format::DnsLabel)).required(),
        Member::new("readOnly", Type::Boolean),
        Member::new("recursiveReadOnly", TEXT),
        Member::new("subPath", Type::Text(Format::SubPath)).exclusive(),
        Member::new("subPathExpr", Type::Text(Format::SubPath)).exclusive(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `VolumeProjection`.
pub static VOLUME_PROJECTION: Object = Object {
    members: &[
        Member::new("clusterTrustBundle", Type::Object(&CLUSTER_TRUST_BUNDLE_PROJECTION)).exclusive(),
        Member::new("configMap", Type::Object(&CONFIG_MAP_PROJECTION)).exclusive(),
        Member::new("downwardAPI", Type::Object(&DOWNWARD_API_PROJECTION)).exclusive(),
        Member::new("podCertificate", Type::Object(&POD_CERTIFICATE_PROJECTION)).exclusive(),
        Member::new("secret", Type::Object(&SECRET_PROJECTION)).exclusive(),
        Member::new("serviceAccountToken", Type::Object(&SERVICE_ACCOUNT_TOKEN_PROJECTION)).exclusive(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `VolumeResourceRequirements`.
pub static VOLUME_RESOURCE_REQUIREMENTS: Object = Object {
    members: &[
        Member::new("limits", Type::Map(Format::Any, &Type::Quantity)),
        Member::new("requests", Type::Map(Format::Any, &Type::Quantity)),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `VsphereVirtualDiskVolumeSource`.
pub static VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE: Object = Object {
    members: &[
        Member::new("fsType", TEXT),
        Member::new("storagePolicyID", TEXT),
        Member::new("storagePolicyName", TEXT),
        Member::new("volumePath", TEXT).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `WeightedPodAffinityTerm`.
pub static WEIGHTED_POD_AFFINITY_TERM: Object = Object {
    members: &[
        Member::new("podAffinityTerm", Type::Object(&POD_AFFINITY_TERM)).required(),
        Member::new("weight", Type::Integer).required(),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// `WindowsSecurityContextOptions`.
pub static WINDOWS_SECURITY_CONTEXT_OPTIONS: Object = Object {
    members: &[
        Member::new("gmsaCredentialSpec", TEXT),
        Member::new("gmsaCredentialSpecName", TEXT),
        Member::new("hostProcess", Type::Boolean),
        Member::new("runAsUserName", TEXT),
    ],
    exclusive: Exclusive::AtMostOne,
};

/// All of them, by name.
pub static ALL: [(&str, &Object); 97] = [
    ("AWSElasticBlockStoreVolumeSource", &AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE),
    ("Affinity", &AFFINITY),
    ("AppArmorProfile", &APP_ARMOR_PROFILE),
    ("AzureDiskVolumeSource", &AZURE_DISK_VOLUME_SOURCE),
    ("AzureFileVolumeSource", &AZURE_FILE_VOLUME_SOURCE),
    ("CSIVolumeSource", &CSI_VOLUME_SOURCE),
    ("Capabilities", &CAPABILITIES),
    ("CephFSVolumeSource", &CEPH_FS_VOLUME_SOURCE),
    ("CinderVolumeSource", &CINDER_VOLUME_SOURCE),
    ("ClusterTrustBundleProjection", &CLUSTER_TRUST_BUNDLE_PROJECTION),
    ("ConfigMapEnvSource", &CONFIG_MAP_ENV_SOURCE),
    ("ConfigMapKeySelector", &CONFIG_MAP_KEY_SELECTOR),
    ("ConfigMapProjection", &CONFIG_MAP_PROJECTION),
    ("ConfigMapVolumeSource", &CONFIG_MAP_VOLUME_SOURCE),
    ("Container", &CONTAINER),
    ("ContainerPort", &CONTAINER_PORT),
    ("ContainerResizePolicy", &CONTAINER_RESIZE_POLICY),
    ("ContainerRestartRule", &CONTAINER_RESTART_RULE),
    ("ContainerRestartRuleOnExitCodes", &CONTAINER_RESTART_RULE_ON_EXIT_CODES),
    ("DownwardAPIProjection", &DOWNWARD_API_PROJECTION),
    ("DownwardAPIVolumeFile", &DOWNWARD_API_VOLUME_FILE),
    ("DownwardAPIVolumeSource", &DOWNWARD_API_VOLUME_SOURCE),
    ("EmptyDirVolumeSource", &EMPTY_DIR_VOLUME_SOURCE),
    ("EnvFromSource", &ENV_FROM_SOURCE),
    ("EnvVar", &ENV_VAR),
    ("EnvVarSource", &ENV_VAR_SOURCE),
    ("EphemeralVolumeSource", &EPHEMERAL_VOLUME_SOURCE),
    ("ExecAction", &EXEC_ACTION),
    ("FCVolumeSource", &FC_VOLUME_SOURCE),
    ("FileKeySelector", &FILE_KEY_SELECTOR),
    ("FlexVolumeSource", &FLEX_VOLUME_SOURCE),
    ("FlockerVolumeSource", &FLOCKER_VOLUME_SOURCE),
    ("GCEPersistentDiskVolumeSource", &GCE_PERSISTENT_DISK_VOLUME_SOURCE),
    ("GRPCAction", &GRPC_ACTION),
    ("GitRepoVolumeSource", &GIT_REPO_VOLUME_SOURCE),
    ("GlusterfsVolumeSource", &GLUSTERFS_VOLUME_SOURCE),
    ("HTTPGetAction", &HTTP_GET_ACTION),
    ("HTTPHeader", &HTTP_HEADER),
    ("HostAlias", &HOST_ALIAS),
    ("HostPathVolumeSource", &HOST_PATH_VOLUME_SOURCE),
    ("ISCSIVolumeSource", &ISCSI_VOLUME_SOURCE),
    ("ImageVolumeSource", &IMAGE_VOLUME_SOURCE),
    ("KeyToPath", &KEY_TO_PATH),
    ("LabelSelector", &LABEL_SELECTOR),
    ("LabelSelectorRequirement", &LABEL_SELECTOR_REQUIREMENT),
    ("Lifecycle", &LIFECYCLE),
    ("LifecycleHandler", &LIFECYCLE_HANDLER),
    ("LocalObjectReference", &LOCAL_OBJECT_REFERENCE),
    ("NFSVolumeSource", &NFS_VOLUME_SOURCE),
    ("NodeAffinity", &NODE_AFFINITY),
    ("NodeSelector", &NODE_SELECTOR),
    ("NodeSelectorRequirement", &NODE_SELECTOR_REQUIREMENT),
    ("NodeSelectorTerm", &NODE_SELECTOR_TERM),
    ("ObjectFieldSelector", &OBJECT_FIELD_SELECTOR),
    ("ObjectMeta", &OBJECT_META),
    ("PersistentVolumeClaimSpec", &PERSISTENT_VOLUME_CLAIM_SPEC),
    ("PersistentVolumeClaimTemplate", &PERSISTENT_VOLUME_CLAIM_TEMPLATE),
    ("PersistentVolumeClaimVolumeSource", &PERSISTENT_VOLUME_CLAIM_VOLUME_SOURCE),
    ("PhotonPersistentDiskVolumeSource", &PHOTON_PERSISTENT_DISK_VOLUME_SOURCE),
    ("PodAffinity", &POD_AFFINITY),
    ("PodAffinityTerm", &POD_AFFINITY_TERM),
    ("PodAntiAffinity", &POD_ANTI_AFFINITY),
    ("PodCertificateProjection", &POD_CERTIFICATE_PROJECTION),
    ("PodSecurityContext", &POD_SECURITY_CONTEXT),
    ("PortworxVolumeSource", &PORTWORX_VOLUME_SOURCE),
    ("PreferredSchedulingTerm", &PREFERRED_SCHEDULING_TERM),
    ("Probe", &PROBE),
    ("ProjectedVolumeSource", &PROJECTED_VOLUME_SOURCE),
    ("QuobyteVolumeSource", &QUOBYTE_VOLUME_SOURCE),
    ("RBDVolumeSource", &RBD_VOLUME_SOURCE),
    ("ResourceClaim", &RESOURCE_CLAIM),
    ("ResourceFieldSelector", &RESOURCE_FIELD_SELECTOR),
    ("ResourceRequirements", &RESOURCE_REQUIREMENTS),
    ("SELinuxOptions", &SE_LINUX_OPTIONS),
    ("ScaleIOVolumeSource", &SCALE_IO_VOLUME_SOURCE),
    ("SeccompProfile", &SECCOMP_PROFILE),
    ("SecretEnvSource", &SECRET_ENV_SOURCE),
    ("SecretKeySelector", &SECRET_KEY_SELECTOR),
    ("SecretProjection", &SECRET_PROJECTION),
    ("SecretVolumeSource", &SECRET_VOLUME_SOURCE),
    ("SecurityContext", &SECURITY_CONTEXT),
    ("ServiceAccountTokenProjection", &SERVICE_ACCOUNT_TOKEN_PROJECTION),
    ("SleepAction", &SLEEP_ACTION),
    ("StorageOSVolumeSource", &STORAGE_OS_VOLUME_SOURCE),
    ("Sysctl", &SYSCTL),
    ("TCPSocketAction", &TCP_SOCKET_ACTION),
    ("Toleration", &TOLERATION),
    ("TypedLocalObjectReference", &TYPED_LOCAL_OBJECT_REFERENCE),
    ("TypedObjectReference", &TYPED_OBJECT_REFERENCE),
    ("Volume", &VOLUME),
    ("VolumeDevice", &VOLUME_DEVICE),
    ("VolumeMount", &VOLUME_MOUNT),
    ("VolumeProjection", &VOLUME_PROJECTION),
    ("VolumeResourceRequirements", &VOLUME_RESOURCE_REQUIREMENTS),
    ("VsphereVirtualDiskVolumeSource", &VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE),
    ("WeightedPodAffinityTerm", &WEIGHTED_POD_AFFINITY_TERM),
    ("WindowsSecurityContextOptions", &WINDOWS_SECURITY_CONTEXT_OPTIONS),
];
