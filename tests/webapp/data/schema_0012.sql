BEGIN TRANSACTION;
CREATE TABLE account (
	id INTEGER NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	role VARCHAR(16) NOT NULL, 
	created_at DATETIME NOT NULL, 
	password_hash VARCHAR(256), 
	totp_secret VARCHAR(64), 
	totp_step INTEGER DEFAULT '0' NOT NULL, 
	disabled_at DATETIME, pseudonym VARCHAR(32) DEFAULT '' NOT NULL, outside_id VARCHAR(512), 
	CONSTRAINT pk_account PRIMARY KEY (id), 
	CONSTRAINT uq_account_name UNIQUE (name), 
	CONSTRAINT ck_account_role CHECK (role IN ('moderator', 'admin'))
);
INSERT INTO "account" VALUES(1,'ada','moderator','2026-11-29 03:57:15.736290',NULL,NULL,0,NULL,'24b54780cdb7eae3be092fc70e83d21e',NULL);
INSERT INTO "account" VALUES(2,'bela','moderator','2026-11-29 03:57:15.738433',NULL,NULL,0,NULL,'eb832f1f01d03be163fd3ae08669f3a5',NULL);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0012');
CREATE TABLE "analysis" (
	id INTEGER NOT NULL, 
	receipt_hash VARCHAR(64) NOT NULL, 
	created_at DATETIME NOT NULL, 
	media_sha256 VARCHAR(64) NOT NULL, 
	kind VARCHAR(8) NOT NULL, 
	outcome VARCHAR(16) NOT NULL, 
	verdict VARCHAR(16), 
	fake_prob DOUBLE, 
	error_code VARCHAR(64), 
	width INTEGER, 
	height INTEGER, 
	seconds DOUBLE NOT NULL, 
	model_name VARCHAR(128) NOT NULL, 
	model_version VARCHAR(128) NOT NULL, 
	model_sha256 VARCHAR(64) NOT NULL, 
	error_message TEXT, 
	temperature DOUBLE, 
	real_below DOUBLE, 
	fake_above DOUBLE, 
	notify BOOLEAN DEFAULT 0 NOT NULL, looked_at DATETIME, held BOOLEAN, cautions VARCHAR(64), 
	CONSTRAINT pk_analysis PRIMARY KEY (id), 
	CONSTRAINT uq_analysis_receipt_hash UNIQUE (receipt_hash), 
	CONSTRAINT ck_analysis_verdict_given CHECK ((outcome = 'verdict') = (verdict IS NOT NULL)), 
	CONSTRAINT ck_analysis_outcome CHECK (outcome IN ('verdict', 'no_face', 'face_too_small', 'rejected')), 
	CONSTRAINT ck_analysis_verdict CHECK (verdict IN ('real', 'fake', 'inconclusive')), 
	CONSTRAINT ck_analysis_kind CHECK (kind IN ('image', 'video')), 
	CONSTRAINT ck_analysis_fake_prob CHECK (fake_prob BETWEEN 0 AND 1)
);
INSERT INTO "analysis" VALUES(1,'3bab0e84b249c4f8f52d5967ee81e76ece7ca2aa305f55452d7891d949abcefe','2026-11-29 03:57:13.946958','88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5','image','verdict','real',1.02865965362174183184e-01,NULL,512,512,9.68223213999408471863e-01,'laanet-lite','1.2','e0b9241ddd392b3b12dc56b9f066d46ae583052e08ed35608a1336840546ec94',NULL,1.5326,0.1518,0.8084,0,NULL,NULL,'');
INSERT INTO "analysis" VALUES(2,'b7ad848dc40f82d91e35d6d77319cd775e13df9bcb13e1ebcc42b65c3fcd2e77','2026-11-29 03:57:14.232233','ce92de518d5275b8887d24b958859d7b923f006abe3ef3d6c9df52f2babbde66','image','verdict','fake',9.62928145219588138559e-01,NULL,512,512,1.68610670999441936146e-01,'laanet-lite','1.2','e0b9241ddd392b3b12dc56b9f066d46ae583052e08ed35608a1336840546ec94',NULL,1.5326,0.1518,0.8084,0,NULL,NULL,'');
INSERT INTO "analysis" VALUES(3,'6329141db60ddb57eb0959158fad35e89dabf572150b907b642f7aea56ef8ed2','2026-11-29 03:57:14.423436','34fbcadf30878ea524711e56654253ecccb8e1b96ec9e3886b5f91c5412f4d82','image','face_too_small',NULL,NULL,NULL,150,88,1.46281026999531604815e-01,'laanet-lite','1.2','e0b9241ddd392b3b12dc56b9f066d46ae583052e08ed35608a1336840546ec94',NULL,1.5326,0.1518,0.8084,0,NULL,NULL,'');
INSERT INTO "analysis" VALUES(4,'8e0b0069f88e4bd683e51e0c020db20c2fc31f7339962168c177bcb2a78b5f6f','2026-11-29 03:57:15.510278','8b27db99796260e454b7dbd1e953e7afe270bb7a24c8494ad5a5b2edd471af6a','video','verdict','inconclusive',6.24184176959724057454e-01,NULL,384,384,1.05304587699993135174e+00,'laanet-lite','1.2','e0b9241ddd392b3b12dc56b9f066d46ae583052e08ed35608a1336840546ec94',NULL,1.5326,0.1518,0.8084,0,NULL,NULL,'');
INSERT INTO "analysis" VALUES(5,'b695aa4726b736b4bf3c152b64c8a8aa8c5c3053a252e9e92b4a3d2095e30a3e','2026-11-29 03:57:15.622116','781271d1237fafd82677f15a9dac0764365383236b7b076f0f7eeda0b944c45e','image','rejected',NULL,NULL,'corrupt_image',NULL,NULL,4.53956569999718340113e-02,'laanet-lite','1.2','e0b9241ddd392b3b12dc56b9f066d46ae583052e08ed35608a1336840546ec94','The picture is damaged, or not what its first bytes say.',1.5326,0.1518,0.8084,0,NULL,NULL,'');
CREATE TABLE audit (
	number INTEGER NOT NULL, 
	created_at VARCHAR(32) NOT NULL, 
	actor VARCHAR(64) NOT NULL, 
	action VARCHAR(32) NOT NULL, 
	subject VARCHAR(64) NOT NULL, 
	details TEXT NOT NULL, 
	previous VARCHAR(64) NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_audit PRIMARY KEY (number), 
	CONSTRAINT uq_audit_hash UNIQUE (hash)
);
INSERT INTO "audit" VALUES(1,'2026-11-29T03:57:05.941114+00:00','system','migrated','','{"from":null,"to":"0012"}','0000000000000000000000000000000000000000000000000000000000000000','741b8e384deb2f658815128034a3d815ca95d024b74c5f817b227f4c5f784bc6');
INSERT INTO "audit" VALUES(2,'2026-11-29T03:57:16.075351+00:00','user:1','case_labelled','case:704b55478c2cf6477a5ea0427783fa10','{"label":1,"stage":"blind","value":"real"}','741b8e384deb2f658815128034a3d815ca95d024b74c5f817b227f4c5f784bc6','a0458bc8876d1961f7d7672a0b18f00c83d1e7c41a0262b1e608f556402999c3');
INSERT INTO "audit" VALUES(3,'2026-11-29T03:57:16.284398+00:00','user:1','case_labelled','case:704b55478c2cf6477a5ea0427783fa10','{"label":2,"stage":"final","value":"real"}','a0458bc8876d1961f7d7672a0b18f00c83d1e7c41a0262b1e608f556402999c3','c3869bb8882163d06478099409f1e3079bebd995f13d10941e3af1870d8e1693');
INSERT INTO "audit" VALUES(4,'2026-11-29T03:57:16.357418+00:00','user:2','case_labelled','case:704b55478c2cf6477a5ea0427783fa10','{"label":3,"stage":"blind","value":"real"}','c3869bb8882163d06478099409f1e3079bebd995f13d10941e3af1870d8e1693','0771ce6e4fbf2f75bd34e1a2b1de1d0d61e274fa9bcd41282c33a7a9e83e9182');
INSERT INTO "audit" VALUES(5,'2026-11-29T03:57:16.477073+00:00','user:2','case_labelled','case:704b55478c2cf6477a5ea0427783fa10','{"label":4,"stage":"final","value":"real"}','0771ce6e4fbf2f75bd34e1a2b1de1d0d61e274fa9bcd41282c33a7a9e83e9182','7d898af06fd632971ce41a0fb8e6184eb8723ff9bacc2c5490e04e25c5c1d973');
INSERT INTO "audit" VALUES(6,'2026-11-29T03:57:16.477706+00:00','system','case_decided','case:704b55478c2cf6477a5ea0427783fa10','{"how":"agreement","model_sha256":"e0b9241ddd392b3b12dc56b9f066d46ae583052e08ed35608a1336840546ec94","value":"real"}','7d898af06fd632971ce41a0fb8e6184eb8723ff9bacc2c5490e04e25c5c1d973','6d7fb9062ea9d8d70cb991c10175507e34ece93467ae9dfd7c249abcb6ff4f82');
CREATE TABLE audit_head (
	id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_audit_head PRIMARY KEY (id), 
	CONSTRAINT ck_audit_head_id CHECK (id = 1)
);
INSERT INTO "audit_head" VALUES(1,6,'6d7fb9062ea9d8d70cb991c10175507e34ece93467ae9dfd7c249abcb6ff4f82');
CREATE TABLE case_item (
	id INTEGER NOT NULL, 
	case_id INTEGER NOT NULL, 
	analysis_id INTEGER NOT NULL, 
	subject INTEGER NOT NULL, 
	reason VARCHAR(16) NOT NULL, 
	created_at DATETIME NOT NULL, fake_prob DOUBLE, 
	CONSTRAINT pk_case_item PRIMARY KEY (id), 
	CONSTRAINT ck_case_item_reason CHECK (reason IN ('disagreement', 'uncertainty', 'audit', 'report')), 
	CONSTRAINT fk_case_item_analysis_id_analysis FOREIGN KEY(analysis_id) REFERENCES analysis (id) ON DELETE CASCADE, 
	CONSTRAINT fk_case_item_case_id_cases FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE CASCADE, 
	CONSTRAINT uq_case_item_analysis_id UNIQUE (analysis_id, subject)
);
INSERT INTO "case_item" VALUES(1,1,1,1,'disagreement','2026-11-29 03:57:15.786731',1.02865965362174183184e-01);
CREATE TABLE cases (
	id INTEGER NOT NULL, 
	public_id VARCHAR(32) NOT NULL, 
	opened_at DATETIME NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	wanted INTEGER NOT NULL, 
	rank DOUBLE NOT NULL, 
	audited BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_cases PRIMARY KEY (id), 
	CONSTRAINT ck_cases_state CHECK (state IN ('open', 'disputed', 'decided')), 
	CONSTRAINT uq_cases_public_id UNIQUE (public_id)
);
INSERT INTO "cases" VALUES(1,'704b55478c2cf6477a5ea0427783fa10','2026-11-29 03:57:15.751159','decided',2,-6.92876655409906743463e+03,0);
CREATE TABLE claim (
	id INTEGER NOT NULL, 
	case_id INTEGER NOT NULL, 
	account_id INTEGER NOT NULL, 
	slot INTEGER NOT NULL, 
	taken_at DATETIME NOT NULL, 
	until DATETIME NOT NULL, 
	CONSTRAINT pk_claim PRIMARY KEY (id), 
	CONSTRAINT fk_claim_account_id_account FOREIGN KEY(account_id) REFERENCES account (id), 
	CONSTRAINT fk_claim_case_id_cases FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE CASCADE, 
	CONSTRAINT uq_claim_account_id UNIQUE (account_id), 
	CONSTRAINT uq_claim_case_id UNIQUE (case_id, slot)
);
CREATE TABLE consent (
	analysis_id INTEGER NOT NULL, 
	given_at DATETIME NOT NULL, 
	text_version VARCHAR(16) NOT NULL, 
	media_id INTEGER, 
	orientation INTEGER DEFAULT '1' NOT NULL, 
	CONSTRAINT pk_consent PRIMARY KEY (analysis_id), 
	CONSTRAINT ck_consent_orientation CHECK (orientation BETWEEN 1 AND 8), 
	CONSTRAINT fk_consent_analysis_id_analysis FOREIGN KEY(analysis_id) REFERENCES analysis (id) ON DELETE CASCADE, 
	CONSTRAINT fk_consent_media_id_media FOREIGN KEY(media_id) REFERENCES media (id)
);
INSERT INTO "consent" VALUES(1,'2026-11-29 03:57:13.946958','2',1,1);
INSERT INTO "consent" VALUES(2,'2026-11-29 03:57:14.232233','2',2,1);
CREATE TABLE decision (
	id INTEGER NOT NULL, 
	case_id INTEGER NOT NULL, 
	value VARCHAR(16) NOT NULL, 
	how VARCHAR(16) NOT NULL, 
	decided_at DATETIME NOT NULL, 
	undone_at DATETIME, media_sha256 VARCHAR(64), 
	CONSTRAINT pk_decision PRIMARY KEY (id), 
	CONSTRAINT ck_decision_how CHECK (how IN ('agreement', 'majority', 'adjudication')), 
	CONSTRAINT ck_decision_value CHECK (value IN ('real', 'fake', 'cannot_tell', 'unusable')), 
	CONSTRAINT fk_decision_case_id_cases FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE CASCADE
);
INSERT INTO "decision" VALUES(1,1,'real','agreement','2026-11-29 03:57:16.457109',NULL,'11f4025e85074aae9c9cf4c00bbc9d15e03b3e6254f52b946cb18b013103a1a7');
CREATE TABLE face (
	id INTEGER NOT NULL, 
	analysis_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	x1 DOUBLE NOT NULL, 
	y1 DOUBLE NOT NULL, 
	x2 DOUBLE NOT NULL, 
	y2 DOUBLE NOT NULL, 
	detection_prob DOUBLE NOT NULL, 
	fake_logit DOUBLE, 
	fake_prob DOUBLE, 
	verdict VARCHAR(16), 
	time DOUBLE, 
	track INTEGER, held BOOLEAN, 
	CONSTRAINT pk_face PRIMARY KEY (id), 
	CONSTRAINT uq_face_analysis_id UNIQUE (analysis_id, number), 
	CONSTRAINT ck_face_verdict CHECK (verdict IN ('real', 'fake', 'inconclusive')), 
	CONSTRAINT ck_face_fake_prob CHECK (fake_prob BETWEEN 0 AND 1), 
	CONSTRAINT ck_face_number CHECK (number >= 1), 
	CONSTRAINT fk_face_analysis_id_analysis FOREIGN KEY(analysis_id) REFERENCES analysis (id) ON DELETE CASCADE
);
INSERT INTO "face" VALUES(1,1,1,181.0,62.0,268.0,172.0,9.99997735023498535156e-01,-3.31927204132080078125e+00,1.02865965362174183184e-01,'real',NULL,NULL,NULL);
INSERT INTO "face" VALUES(2,2,1,179.0,64.0,265.0,173.0,0.999790608882904,4.991863250732421875e+00,9.62928145219588138559e-01,'fake',NULL,NULL,NULL);
INSERT INTO "face" VALUES(3,3,1,32.0,4.0,52.0,30.0,9.999408721923828125e-01,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "face" VALUES(4,3,2,106.0,8.0,125.0,34.0,9.9978357553482055664e-01,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "face" VALUES(5,4,1,134.0,45.0,201.0,131.0,9.99991893768310546875e-01,-3.86176395416259765625e+00,7.44853978343382738813e-02,'real',0.75,0,NULL);
INSERT INTO "face" VALUES(6,4,2,130.0,43.0,202.0,134.0,9.99988555908203125e-01,-2.75770807266235351562e+00,1.4192827940369484585e-01,'real',2.25,0,NULL);
INSERT INTO "face" VALUES(7,4,3,126.0,37.0,203.0,133.0,9.99978423118591308593e-01,4.4231815338134765625e+00,9.47153210414959811913e-01,'fake',3.75,0,NULL);
INSERT INTO "face" VALUES(8,4,4,121.0,32.0,205.0,138.0,9.9997615814208984375e-01,5.30652618408203125e+00,9.69599790304694231224e-01,'fake',5.25,0,NULL);
CREATE TABLE feedback (
	id INTEGER NOT NULL, 
	analysis_id INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	subject INTEGER NOT NULL, 
	vote VARCHAR(16) NOT NULL, 
	note TEXT NOT NULL, 
	idempotency_key VARCHAR(128) NOT NULL, 
	CONSTRAINT pk_feedback PRIMARY KEY (id), 
	CONSTRAINT ck_feedback_vote CHECK (vote IN ('agree', 'disagree', 'not_sure')), 
	CONSTRAINT ck_feedback_subject CHECK (subject >= 0), 
	CONSTRAINT ck_feedback_note CHECK (length(note) <= 2000), 
	CONSTRAINT fk_feedback_analysis_id_analysis FOREIGN KEY(analysis_id) REFERENCES analysis (id) ON DELETE CASCADE, 
	CONSTRAINT uq_feedback_idempotency_key UNIQUE (idempotency_key)
);
INSERT INTO "feedback" VALUES(1,1,'2026-11-29 03:57:15.668204',1,'disagree','looks fine','QKm6qnGkHCxkk7U2TZeePw');
INSERT INTO "feedback" VALUES(2,4,'2026-11-29 03:57:15.702332',0,'agree','','O-itbDqyTYSakhU0IDCfIw');
CREATE TABLE feedback_tag (
	feedback_id INTEGER NOT NULL, 
	tag VARCHAR(16) NOT NULL, 
	CONSTRAINT pk_feedback_tag PRIMARY KEY (feedback_id, tag), 
	CONSTRAINT ck_feedback_tag_tag CHECK (tag IN ('boundary', 'texture', 'lighting', 'teeth', 'eyes', 'temporal', 'other')), 
	CONSTRAINT fk_feedback_tag_feedback_id_feedback FOREIGN KEY(feedback_id) REFERENCES feedback (id) ON DELETE CASCADE
);
INSERT INTO "feedback_tag" VALUES(1,'eyes');
CREATE TABLE fingerprint (
	analysis_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	band_1 INTEGER NOT NULL, 
	band_2 INTEGER NOT NULL, 
	band_3 INTEGER NOT NULL, 
	band_4 INTEGER NOT NULL, 
	CONSTRAINT pk_fingerprint PRIMARY KEY (analysis_id, number), 
	CONSTRAINT ck_fingerprint_band_1 CHECK (band_1 BETWEEN 0 AND 65535), 
	CONSTRAINT ck_fingerprint_band_2 CHECK (band_2 BETWEEN 0 AND 65535), 
	CONSTRAINT ck_fingerprint_band_3 CHECK (band_3 BETWEEN 0 AND 65535), 
	CONSTRAINT ck_fingerprint_band_4 CHECK (band_4 BETWEEN 0 AND 65535), 
	CONSTRAINT fk_fingerprint_analysis_id_analysis FOREIGN KEY(analysis_id) REFERENCES analysis (id) ON DELETE CASCADE
);
INSERT INTO "fingerprint" VALUES(1,0,49810,19541,12989,57288);
INSERT INTO "fingerprint" VALUES(2,0,49810,19541,12989,57288);
INSERT INTO "fingerprint" VALUES(3,0,59644,54583,10692,51808);
INSERT INTO "fingerprint" VALUES(4,0,53906,52309,12985,54730);
INSERT INTO "fingerprint" VALUES(4,1,53938,52311,12985,53450);
INSERT INTO "fingerprint" VALUES(4,2,53938,52595,13209,20681);
CREATE TABLE gold (
	case_id INTEGER NOT NULL, 
	value VARCHAR(16) NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_gold PRIMARY KEY (case_id), 
	CONSTRAINT ck_gold_value CHECK (value IN ('real', 'fake')), 
	CONSTRAINT fk_gold_case_id_cases FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE CASCADE
);
CREATE TABLE label (
	id INTEGER NOT NULL, 
	case_id INTEGER NOT NULL, 
	account_id INTEGER NOT NULL, 
	stage VARCHAR(16) NOT NULL, 
	value VARCHAR(16) NOT NULL, 
	confidence INTEGER NOT NULL, 
	note TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	seconds DOUBLE NOT NULL, 
	model_sha256 VARCHAR(64), 
	withdrawn_at DATETIME, media_sha256 VARCHAR(64), 
	CONSTRAINT pk_label PRIMARY KEY (id), 
	CONSTRAINT ck_label_stage CHECK (stage IN ('blind', 'final', 'adjudication')), 
	CONSTRAINT ck_label_value CHECK (value IN ('real', 'fake', 'cannot_tell', 'unusable')), 
	CONSTRAINT ck_label_confidence CHECK (confidence BETWEEN 1 AND 3), 
	CONSTRAINT ck_label_note CHECK (length(note) <= 2000), 
	CONSTRAINT fk_label_account_id_account FOREIGN KEY(account_id) REFERENCES account (id), 
	CONSTRAINT fk_label_case_id_cases FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE CASCADE
);
INSERT INTO "label" VALUES(1,1,1,'blind','real',3,'clear','2026-11-29 03:57:16.059356',0.104605,NULL,NULL,'11f4025e85074aae9c9cf4c00bbc9d15e03b3e6254f52b946cb18b013103a1a7');
INSERT INTO "label" VALUES(2,1,1,'final','real',3,'clear','2026-11-29 03:57:16.237864',0.283113,'e0b9241ddd392b3b12dc56b9f066d46ae583052e08ed35608a1336840546ec94',NULL,'11f4025e85074aae9c9cf4c00bbc9d15e03b3e6254f52b946cb18b013103a1a7');
INSERT INTO "label" VALUES(3,1,2,'blind','real',3,'clear','2026-11-29 03:57:16.350356',0.039258,NULL,NULL,'11f4025e85074aae9c9cf4c00bbc9d15e03b3e6254f52b946cb18b013103a1a7');
INSERT INTO "label" VALUES(4,1,2,'final','real',3,'clear','2026-11-29 03:57:16.419314',0.108216,'e0b9241ddd392b3b12dc56b9f066d46ae583052e08ed35608a1336840546ec94',NULL,'11f4025e85074aae9c9cf4c00bbc9d15e03b3e6254f52b946cb18b013103a1a7');
CREATE TABLE label_region (
	label_id INTEGER NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	time DOUBLE, 
	png BLOB NOT NULL, 
	CONSTRAINT pk_label_region PRIMARY KEY (label_id), 
	CONSTRAINT ck_label_region_png CHECK (length(png) <= 65536), 
	CONSTRAINT fk_label_region_label_id_label FOREIGN KEY(label_id) REFERENCES label (id) ON DELETE CASCADE
);
CREATE TABLE label_tag (
	label_id INTEGER NOT NULL, 
	tag VARCHAR(16) NOT NULL, 
	CONSTRAINT pk_label_tag PRIMARY KEY (label_id, tag), 
	CONSTRAINT ck_label_tag_tag CHECK (tag IN ('boundary', 'texture', 'lighting', 'teeth', 'eyes', 'temporal', 'other')), 
	CONSTRAINT fk_label_tag_label_id_label FOREIGN KEY(label_id) REFERENCES label (id) ON DELETE CASCADE
);
INSERT INTO "label_tag" VALUES(1,'lighting');
INSERT INTO "label_tag" VALUES(2,'lighting');
INSERT INTO "label_tag" VALUES(3,'lighting');
INSERT INTO "label_tag" VALUES(4,'lighting');
CREATE TABLE link (
	id INTEGER NOT NULL, 
	account_id INTEGER NOT NULL, 
	purpose VARCHAR(16) NOT NULL, 
	token_hash VARCHAR(64) NOT NULL, 
	expires_at DATETIME NOT NULL, 
	CONSTRAINT pk_link PRIMARY KEY (id), 
	CONSTRAINT uq_link_token_hash UNIQUE (token_hash), 
	CONSTRAINT ck_link_purpose CHECK (purpose IN ('invite', 'reset')), 
	CONSTRAINT fk_link_account_id_account FOREIGN KEY(account_id) REFERENCES account (id) ON DELETE CASCADE
);
CREATE TABLE media (
	id INTEGER NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	name VARCHAR(32) NOT NULL, 
	kind VARCHAR(8) NOT NULL, 
	format VARCHAR(16) NOT NULL, 
	bytes INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_media PRIMARY KEY (id), 
	CONSTRAINT uq_media_sha256 UNIQUE (sha256), 
	CONSTRAINT uq_media_name UNIQUE (name), 
	CONSTRAINT ck_media_kind CHECK (kind IN ('image', 'video')), 
	CONSTRAINT ck_media_format CHECK (format IN ('jpeg', 'png', 'webp', 'mp4', 'matroska', 'avi')), 
	CONSTRAINT ck_media_bytes CHECK (bytes > 0)
);
INSERT INTO "media" VALUES(1,'11f4025e85074aae9c9cf4c00bbc9d15e03b3e6254f52b946cb18b013103a1a7','0349495cbd35db7c5e520eb8c102701b','image','png',788279,'2026-11-29 03:57:13.946958');
INSERT INTO "media" VALUES(2,'ce92de518d5275b8887d24b958859d7b923f006abe3ef3d6c9df52f2babbde66','6ff54db0604351a2dfdeb05ba7e76faa','image','jpeg',120162,'2026-11-29 03:57:14.232233');
CREATE TABLE model_version (
	id INTEGER NOT NULL, 
	version VARCHAR(128) NOT NULL, 
	source VARCHAR(512) NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	config_sha256 VARCHAR(64) NOT NULL, 
	parent_sha256 VARCHAR(64), 
	run_id INTEGER, 
	state VARCHAR(16) NOT NULL, 
	created_at DATETIME NOT NULL, 
	report TEXT, 
	promoted_at DATETIME, 
	promoted_by VARCHAR(64), 
	retired_at DATETIME, 
	CONSTRAINT pk_model_version PRIMARY KEY (id), 
	CONSTRAINT ck_model_version_state CHECK (state IN ('candidate', 'champion', 'retired', 'rejected')), 
	CONSTRAINT fk_model_version_run_id_tuning_run FOREIGN KEY(run_id) REFERENCES tuning_run (id), 
	CONSTRAINT uq_model_version_run_id UNIQUE (run_id), 
	CONSTRAINT uq_model_version_version UNIQUE (version)
);
CREATE TABLE outbox (
	id INTEGER NOT NULL, 
	public_id VARCHAR(32) NOT NULL, 
	created_at DATETIME NOT NULL, 
	event VARCHAR(32) NOT NULL, 
	body TEXT NOT NULL, 
	tries INTEGER NOT NULL, 
	next_at DATETIME NOT NULL, 
	CONSTRAINT pk_outbox PRIMARY KEY (id), 
	CONSTRAINT uq_outbox_public_id UNIQUE (public_id)
);
CREATE TABLE region (
	feedback_id INTEGER NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	png BLOB NOT NULL, 
	CONSTRAINT pk_region PRIMARY KEY (feedback_id), 
	CONSTRAINT ck_region_png CHECK (length(png) <= 65536), 
	CONSTRAINT fk_region_feedback_id_feedback FOREIGN KEY(feedback_id) REFERENCES feedback (id) ON DELETE CASCADE
);
CREATE TABLE region_agreement (
	label_id INTEGER NOT NULL, 
	model_sha256 VARCHAR(64) NOT NULL, 
	model_version VARCHAR(128) NOT NULL, 
	created_at DATETIME NOT NULL, 
	hit BOOLEAN, 
	iou DOUBLE, 
	CONSTRAINT pk_region_agreement PRIMARY KEY (label_id, model_sha256), 
	CONSTRAINT ck_region_agreement_iou CHECK (iou BETWEEN 0 AND 1), 
	CONSTRAINT fk_region_agreement_label_id_label FOREIGN KEY(label_id) REFERENCES label (id) ON DELETE CASCADE
);
CREATE TABLE rescore (
	id INTEGER NOT NULL, 
	analysis_id INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	model_name VARCHAR(128) NOT NULL, 
	model_version VARCHAR(128) NOT NULL, 
	model_sha256 VARCHAR(64) NOT NULL, 
	fake_prob DOUBLE NOT NULL, 
	verdict VARCHAR(16) NOT NULL, 
	CONSTRAINT pk_rescore PRIMARY KEY (id), 
	CONSTRAINT uq_rescore_analysis_id UNIQUE (analysis_id, model_sha256), 
	CONSTRAINT ck_rescore_verdict CHECK (verdict IN ('real', 'fake', 'inconclusive')), 
	CONSTRAINT ck_rescore_fake_prob CHECK (fake_prob BETWEEN 0 AND 1), 
	CONSTRAINT fk_rescore_analysis_id_analysis FOREIGN KEY(analysis_id) REFERENCES analysis (id) ON DELETE CASCADE
);
CREATE TABLE signed_in (
	id INTEGER NOT NULL, 
	account_id INTEGER NOT NULL, 
	token_hash VARCHAR(64) NOT NULL, 
	created_at DATETIME NOT NULL, 
	seen_at DATETIME NOT NULL, 
	CONSTRAINT pk_signed_in PRIMARY KEY (id), 
	CONSTRAINT uq_signed_in_token_hash UNIQUE (token_hash), 
	CONSTRAINT fk_signed_in_account_id_account FOREIGN KEY(account_id) REFERENCES account (id) ON DELETE CASCADE
);
CREATE TABLE snapshot (
	id INTEGER NOT NULL, 
	public_id VARCHAR(32) NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	created_at DATETIME NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	real INTEGER NOT NULL, 
	fake INTEGER NOT NULL, 
	train INTEGER NOT NULL, 
	val INTEGER NOT NULL, 
	gold INTEGER NOT NULL, 
	CONSTRAINT pk_snapshot PRIMARY KEY (id), 
	CONSTRAINT ck_snapshot_state CHECK (state IN ('frozen', 'stale')), 
	CONSTRAINT uq_snapshot_public_id UNIQUE (public_id)
);
CREATE TABLE snapshot_item (
	id INTEGER NOT NULL, 
	snapshot_id INTEGER NOT NULL, 
	analysis_id INTEGER, 
	case_id INTEGER, 
	decision_id INTEGER, 
	name VARCHAR(48) NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	media_sha256 VARCHAR(64) NOT NULL, 
	part VARCHAR(8) NOT NULL, 
	label VARCHAR(8) NOT NULL, 
	provenance VARCHAR(16) NOT NULL, 
	CONSTRAINT pk_snapshot_item PRIMARY KEY (id), 
	CONSTRAINT ck_snapshot_item_part CHECK (part IN ('train', 'val', 'gold')), 
	CONSTRAINT ck_snapshot_item_label CHECK (label IN ('real', 'fake')), 
	CONSTRAINT fk_snapshot_item_analysis_id_analysis FOREIGN KEY(analysis_id) REFERENCES analysis (id) ON DELETE SET NULL, 
	CONSTRAINT fk_snapshot_item_case_id_cases FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE SET NULL, 
	CONSTRAINT fk_snapshot_item_decision_id_decision FOREIGN KEY(decision_id) REFERENCES decision (id) ON DELETE SET NULL, 
	CONSTRAINT fk_snapshot_item_snapshot_id_snapshot FOREIGN KEY(snapshot_id) REFERENCES snapshot (id) ON DELETE CASCADE, 
	CONSTRAINT uq_snapshot_item_snapshot_id UNIQUE (snapshot_id, name)
);
CREATE TABLE succession (
	id INTEGER NOT NULL, 
	before_id INTEGER NOT NULL, 
	after_id INTEGER NOT NULL, 
	taken_back_at DATETIME, 
	CONSTRAINT pk_succession PRIMARY KEY (id), 
	CONSTRAINT fk_succession_before_id_model_version FOREIGN KEY(before_id) REFERENCES model_version (id), 
	CONSTRAINT fk_succession_after_id_model_version FOREIGN KEY(after_id) REFERENCES model_version (id)
);
CREATE TABLE tuning_run (
	id INTEGER NOT NULL, 
	public_id VARCHAR(32) NOT NULL, 
	snapshot_id INTEGER NOT NULL, 
	base_sha256 VARCHAR(64) NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	created_at DATETIME NOT NULL, 
	beat_at DATETIME NOT NULL, 
	step INTEGER NOT NULL, 
	steps INTEGER NOT NULL, 
	pid INTEGER, 
	config TEXT NOT NULL, 
	message TEXT NOT NULL, 
	CONSTRAINT pk_tuning_run PRIMARY KEY (id), 
	CONSTRAINT ck_tuning_run_state CHECK (state IN ('waiting', 'running', 'cancelled', 'failed', 'finished')), 
	CONSTRAINT fk_tuning_run_snapshot_id_snapshot FOREIGN KEY(snapshot_id) REFERENCES snapshot (id), 
	CONSTRAINT uq_tuning_run_public_id UNIQUE (public_id)
);
CREATE INDEX ix_face_analysis_id ON face (analysis_id);
CREATE INDEX ix_feedback_analysis_id ON feedback (analysis_id);
CREATE INDEX ix_analysis_model_sha256 ON analysis (model_sha256);
CREATE INDEX ix_analysis_media_sha256 ON analysis (media_sha256);
CREATE INDEX ix_analysis_created_at ON analysis (created_at);
CREATE INDEX ix_feedback_tag_tag ON feedback_tag (tag);
CREATE TRIGGER audit_insert BEFORE INSERT ON audit WHEN NOT (
    NEW.number IS (SELECT number FROM audit_head) AND NEW.previous IS (SELECT hash FROM audit_head)
    AND NOT EXISTS (SELECT 1 FROM audit WHERE number = NEW.number)
) BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
CREATE TRIGGER audit_update BEFORE UPDATE ON audit  BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
CREATE TRIGGER audit_delete BEFORE DELETE ON audit  BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
CREATE TRIGGER audit_head_insert BEFORE INSERT ON audit_head  BEGIN SELECT RAISE(ABORT, 'the head of the audit log only moves on'); END;
CREATE TRIGGER audit_head_update BEFORE UPDATE ON audit_head WHEN NOT (
    NEW.id = OLD.id AND (
        (NEW.number = OLD.number + 1 AND NEW.hash = OLD.hash)
        OR (NEW.number = OLD.number AND NEW.hash IS (SELECT hash FROM audit WHERE number = NEW.number))
    )
) BEGIN SELECT RAISE(ABORT, 'the head of the audit log only moves on'); END;
CREATE TRIGGER audit_head_delete BEFORE DELETE ON audit_head  BEGIN SELECT RAISE(ABORT, 'the head of the audit log only moves on'); END;
CREATE INDEX ix_consent_media_id ON consent (media_id);
CREATE INDEX ix_fingerprint_band_1 ON fingerprint (band_1);
CREATE INDEX ix_fingerprint_band_2 ON fingerprint (band_2);
CREATE INDEX ix_fingerprint_band_3 ON fingerprint (band_3);
CREATE INDEX ix_fingerprint_band_4 ON fingerprint (band_4);
CREATE INDEX ix_signed_in_account_id ON signed_in (account_id);
CREATE INDEX ix_link_account_id ON link (account_id);
CREATE INDEX ix_cases_state_rank ON cases (state, rank);
CREATE INDEX ix_case_item_case_id ON case_item (case_id);
CREATE INDEX ix_decision_case_id ON decision (case_id);
CREATE INDEX ix_label_account_id ON label (account_id);
CREATE UNIQUE INDEX ix_label_counting ON label (case_id, account_id, stage) WHERE withdrawn_at IS NULL;
CREATE UNIQUE INDEX ix_account_pseudonym ON account (pseudonym);
CREATE INDEX ix_outbox_next_at ON outbox (next_at);
CREATE INDEX ix_tuning_run_snapshot_id ON tuning_run (snapshot_id);
CREATE UNIQUE INDEX ix_tuning_run_running ON tuning_run (state) WHERE state = 'running';
CREATE INDEX ix_model_version_sha256 ON model_version (sha256);
CREATE UNIQUE INDEX ix_model_version_champion ON model_version (source) WHERE state = 'champion';
CREATE INDEX ix_snapshot_item_analysis_id ON snapshot_item (analysis_id);
CREATE INDEX ix_snapshot_item_case_id ON snapshot_item (case_id);
CREATE INDEX ix_snapshot_item_decision_id ON snapshot_item (decision_id);
CREATE UNIQUE INDEX ix_account_outside_id ON account (outside_id);
COMMIT;
